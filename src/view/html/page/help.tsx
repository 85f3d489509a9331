import { useEffect, useRef } from 'preact/hooks';

const KEYS = [
  ['/', 'search all entries'],
  ['n  N', 'next, previous match or entry'],
  ['+  −  w  s', 'zoom in, out'],
  ['a  d', 'earlier, later'],
  ['0  9', 'the whole recording; also what was before it'],
  ['↑ ↓ ← →', 'in the tree: go, fold; in the list: next entry'],
  ['Enter  Space', 'in the tree: list only this lane; this lane too'],
  ['Esc', 'close, then let go of the chosen lanes'],
] as const;

const SIGNS = [
  ['ready', 'ready'],
  ['running', 'running, not ready'],
  ['pending', 'pending'],
  ['waiting', 'waiting, e.g. to be restarted'],
  ['failed', 'failed'],
  ['leaving', 'being deleted'],
  ['rollout', 'rollout under way'],
  ['missing', 'something is missing from the story'],
] as const;

/** What the keys do and what the signs mean. */
export function Help({ close }: { readonly close: () => void }) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => ref.current?.showModal(), []);
  return (
    <dialog ref={ref} aria-label="Keys and signs" onClose={close}>
      <h2>Keys</h2>
      <dl>{KEYS.map(([key, what]) => [<dt key={`${key}-key`}>{key}</dt>, <dd key={key}>{what}</dd>])}</dl>
      <p>
        Drag moves the lanes; the wheel scrolls them, with Ctrl or Shift it zooms. Drag in the course above to choose a
        time.
      </p>
      <h2>Signs</h2>
      <ul class="signs-help">
        {SIGNS.map(([tone, what]) => (
          <li key={tone}>
            <span class={`swatch ${tone}`} /> {what}
          </li>
        ))}
        <li>▲ warning Event · ● Event · ◆ a change by hand or tool · 3 ended with that exit code · × deleted</li>
      </ul>
      <button type="button" onClick={() => ref.current?.close()}>
        Close
      </button>
    </dialog>
  );
}
