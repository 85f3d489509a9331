import { createHash } from 'node:crypto';

/** The script and the styles of the page, as esbuild bundles them. */
export interface PageBundle {
  readonly script: string;
  readonly style: string;
}

/** What stands before and behind the data in the one file of a report. */
export interface PageFrame {
  readonly before: string;
  readonly after: string;
}

/**
 * The page around its data. Its policy lets run this one script and these styles, by their hashes, and nothing load:
 * whatever a log line holds, the browser has no leave to run or to fetch it.
 */
export function frameOf({ script, style }: PageBundle, title: string): PageFrame {
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  return {
    before: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<div id="app"><p class="opening">Opening the story…</p></div>
<noscript><p>This report draws itself with its own script, which this browser does not run. The story itself is JSON: see faro view.</p></noscript>
<script type="application/gzip;base64" id="story">`,
    after: `</script>
<script type="module">${script}</script>
</body>
</html>
`,
  };
}

/** Of the text as the browser sees it between the tags. Neither text may close its own element. */
function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
