import { render } from 'preact';
import { App } from './app.tsx';
import { openReport } from './opened.ts';
import './style.css';

/** Opens the story that stands in the page; says why where it cannot. */
async function main(root: HTMLElement): Promise<void> {
  const data = document.getElementById('story');
  try {
    if (typeof DecompressionStream === 'undefined')
      throw new Error('this browser is too old: the report needs one from 2023 or later');
    const opened = await openReport(data?.textContent ?? '');
    data?.remove(); // its text is as large as the story
    root.replaceChildren();
    render(<App opened={opened} />, root);
    requestAnimationFrame(() => requestAnimationFrame(() => performance.mark('faro-open')));
  } catch (error) {
    const message = document.createElement('p');
    message.className = 'opening';
    message.setAttribute('role', 'alert');
    message.textContent = `This report could not be opened: ${error instanceof Error ? error.message : String(error)}`;
    root.replaceChildren(message);
  }
}

const root = document.getElementById('app');
if (root !== null) await main(root);
