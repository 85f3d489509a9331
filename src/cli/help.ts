/** What `--help` tells behind the options. */

export const FIRST_STEPS = `
Begin with:
  faro demo                                                   a look at what it does, without a cluster
  faro capture deployment/web -n shop -o story.json           record until Ctrl-C
  faro explain story.json                                     what went wrong, and why
  faro view story.json                                        the time line; faro report draws it for a browser
`;

export const CAPTURE_HELP = `
Examples:
  faro capture deployment/web -n shop -o story.json --until ready --timeout 10m
  faro capture deploy/web sts/db -n shop -o story.json.zst --for 5m
  faro capture job/migrate -n shop -o story.json --wait --until complete
  faro capture deploy/web -n shop -o - --for 30s | jq '.timeline[] | select(.type == "event")'
  faro capture deploy/web -n shop -o story.json --until ready -- helm upgrade web ./chart
  faro capture --resume story.json.journal

Ctrl-C ends the recording and writes the story; a second one leaves at once.
Exit codes: 0 done; 1 --until failed or timed out (the story is written); 2 usage;
3 cluster not reachable or access refused; 4 the story could not be written. A recording that ended for want of
disk space is written, too, and is 1.
Around a command (after --): its own code where it fails, 1 where the goal does, 125 where faro does,
126 and 127 where the command cannot be run or is not found.
`;

export const RECOVER_HELP = `
Example: faro recover story.json.journal -o story.json

The journal stays; "faro capture --resume" goes on with it instead.
`;

export const CONVERT_HELP = `
Formats:
  md           a digest for a person or a language model, within --budget
  ndjson       one entry of the time line on each line
  csv          the same as a table
  otlp         log records of OpenTelemetry, as JSON lines
  perfetto     a trace for https://ui.perfetto.dev
  kubectl-dir  a folder as "kubectl cluster-info dump" makes it: objects as they were last, a file for each log

Examples:
  faro convert story.json --to md --budget 4000
  faro convert story.json --to ndjson | jq 'select(.type == "event")'
  faro convert story.json --to kubectl-dir -o dump
`;

export const VIEW_HELP = `
Examples:
  faro view story.json --object deploy/web --type event,lifecycle
  faro view story.json --object 'web-*' --since 30s
  faro view story.json --entry 333,706
  faro view story.json --grep '(?i)error|refused'
  faro view story.json --at +30s --object pod/web-7c9-x2x
`;

export const COMPLETION_HELP = `
bash: source <(faro completion bash)
zsh:  source <(faro completion zsh)
fish: faro completion fish | source
`;
