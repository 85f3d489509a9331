import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { laneSummaries } from '../model/summary.ts';
import { visibleText } from '../model/visible.ts';
import { useSize } from './size.ts';
import type { TimelineProps } from './timeline.tsx';
import { withBelow } from './view.ts';

/** Height of a lane in pixels, of its name as of its drawing. */
export const LANE_HEIGHT = 24;

export interface LaneListProps extends Omit<TimelineProps, 'hits'> {
  /** Lanes that are not folded away, in order. */
  readonly shown: readonly number[];
  /** How far the lanes are scrolled, in pixels. */
  readonly top: number;
  readonly setTop: (top: number) => void;
}

/** The names of the lanes as a tree: choose one or more to list only their entries. */
export function LaneTree(props: LaneListProps) {
  const { opened, view, update, shown, top, setTop } = props;
  const ref = useRef<HTMLDivElement>(null);
  const { height } = useSize(ref);
  const [active, setActive] = useState(0);
  const chosen = useMemo(() => withBelow(opened, view.chosen), [opened, view.chosen]);
  const summaries = useMemo(() => laneSummaries(opened.index, opened.stories, opened.facts), [opened]);
  useEffect(() => {
    if (ref.current !== null && Math.abs(ref.current.scrollTop - top) > 1) ref.current.scrollTop = top;
  }, [top]);
  const first = Math.max(0, Math.floor(top / LANE_HEIGHT) - 4);
  const visible = shown.slice(first, first + Math.ceil(height / LANE_HEIGHT) + 8);
  const keys = useKeys({ ...props, active, setActive, height });
  return (
    <div
      class="tree"
      ref={ref}
      role="tree"
      aria-label="Objects and containers"
      aria-multiselectable="true"
      aria-activedescendant={shown.length === 0 ? undefined : `lane-${shown[Math.min(active, shown.length - 1)]}`}
      tabIndex={0}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      onKeyDown={keys}
    >
      <div class="all" role="presentation" style={{ height: shown.length * LANE_HEIGHT }}>
        {visible.map((lane, offset) => (
          <LaneName
            key={lane}
            {...{ opened, lane, place: first + offset, count: shown.length }}
            summary={summaries[lane] ?? { text: '', signs: [] }}
            isActive={first + offset === active}
            isChosen={view.chosen.has(lane)}
            isWithin={chosen?.has(lane) === true}
            isFolded={view.collapsed.has(lane)}
            onChoose={(isMore) => {
              setActive(first + offset);
              update(({ chosen }) => ({ chosen: choose(chosen, lane, isMore) }));
            }}
            onFold={() => update(({ collapsed }) => ({ collapsed: toggle(collapsed, lane) }))}
          />
        ))}
      </div>
    </div>
  );
}

interface LaneNameProps extends Pick<LaneListProps, 'opened'> {
  readonly lane: number;
  readonly place: number;
  readonly count: number;
  readonly summary: ReturnType<typeof laneSummaries>[number];
  readonly isActive: boolean;
  readonly isChosen: boolean;
  /** It, or what stands above it, is chosen. */
  readonly isWithin: boolean;
  readonly isFolded: boolean;
  readonly onChoose: (isMore: boolean) => void;
  readonly onFold: () => void;
}

function LaneName({
  opened,
  lane,
  summary,
  place,
  count,
  isActive,
  isChosen,
  isWithin,
  isFolded,
  ...on
}: LaneNameProps) {
  const described = opened.index.lanes[lane];
  if (described === undefined) return null;
  const { depth, below, kind, name, container } = described;
  const isRelated = opened.facts.objects[described.object]?.related !== undefined;
  const classes = [
    'lane',
    isActive && 'active',
    isWithin && 'within',
    isRelated && 'related',
    container !== undefined && 'container',
  ]
    .filter(Boolean)
    .join(' ');
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree takes the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the tree has the focus, and names its active item
    <div
      id={`lane-${lane}`}
      class={classes}
      role="treeitem"
      aria-level={depth + 1}
      aria-posinset={place + 1}
      aria-setsize={count}
      aria-selected={isChosen}
      aria-expanded={below > 0 ? !isFolded : undefined}
      title={`${visibleText(kind)} ${visibleText(name)}\n${visibleText(summary.text)}`}
      style={{ top: place * LANE_HEIGHT, paddingLeft: 6 + Math.min(depth, 8) * 14 }}
      onClick={(event) => on.onChoose(event.ctrlKey || event.metaKey || event.shiftKey)}
    >
      <span
        class="fold"
        aria-hidden="true"
        onClick={(event) => {
          if (below === 0) return;
          event.stopPropagation();
          on.onFold();
        }}
      >
        {below === 0 ? '' : isFolded ? '▸' : '▾'}
      </span>
      <span class="kind" aria-hidden="true">
        {shortKind(visibleText(kind))}
      </span>
      <span class="hidden">{visibleText(kind)} </span>
      <span class="name">
        <bdi>{visibleText(name)}</bdi>
      </span>
      <span class="hidden">, {visibleText(summary.text)}</span>
      {summary.signs.length > 0 && (
        <span class="signs" aria-hidden="true">
          {summary.signs.map(({ tone, text }) => (
            <span key={tone} class={`sign ${tone}`}>
              {text}
            </span>
          ))}
        </span>
      )}
    </div>
  );
}

const SHORT: Readonly<Record<string, string>> = {
  Deployment: 'deploy',
  ReplicaSet: 'rs',
  StatefulSet: 'sts',
  DaemonSet: 'ds',
  Pod: 'pod',
  Job: 'job',
  CronJob: 'cron',
  Service: 'svc',
  EndpointSlice: 'eps',
  ConfigMap: 'cm',
  PersistentVolumeClaim: 'pvc',
  HorizontalPodAutoscaler: 'hpa',
  regular: '',
  init: 'init',
  sidecar: 'sidecar',
  ephemeral: 'debug',
};

function shortKind(kind: string): string {
  return Object.hasOwn(SHORT, kind) ? (SHORT[kind] ?? kind) : kind.toLowerCase();
}

function choose(chosen: ReadonlySet<number>, lane: number, isMore: boolean): ReadonlySet<number> {
  if (isMore) return toggle(chosen, lane);
  return chosen.size === 1 && chosen.has(lane) ? new Set() : new Set([lane]);
}

function toggle(set: ReadonlySet<number>, value: number): ReadonlySet<number> {
  const changed = new Set(set);
  if (!changed.delete(value)) changed.add(value);
  return changed;
}

interface Keys extends LaneListProps {
  readonly active: number;
  readonly setActive: (place: number) => void;
  readonly height: number;
}

/** As the WAI-ARIA practices have it for trees. */
function useKeys({ opened, view, update, shown, top, setTop, active, setActive, height }: Keys) {
  const go = (place: number) => {
    const next = Math.min(Math.max(place, 0), shown.length - 1);
    setActive(next);
    const [above, below] = [next * LANE_HEIGHT, (next + 1) * LANE_HEIGHT - height];
    if (above < top || below > top) setTop(above < top ? above : below);
  };
  const lane = shown[active] ?? 0;
  const { below = 0, parent } = opened.index.lanes[lane] ?? {};
  const fold = () => update(({ collapsed }) => ({ collapsed: toggle(collapsed, lane) }));
  const choice = (isMore: boolean) => update(({ chosen }) => ({ chosen: choose(chosen, lane, isMore) }));
  const isFolded = view.collapsed.has(lane);
  const actions: Readonly<Record<string, () => void>> = {
    ArrowDown: () => go(active + 1),
    ArrowUp: () => go(active - 1),
    Home: () => go(0),
    End: () => go(shown.length - 1),
    ArrowRight: () => (below > 0 && isFolded ? fold() : go(active + 1)),
    ArrowLeft: () => (below > 0 && !isFolded ? fold() : go(shown.indexOf(parent ?? lane))),
    Enter: () => choice(false),
    ' ': () => choice(true),
  };
  return (event: KeyboardEvent) => {
    const action = Object.hasOwn(actions, event.key) ? actions[event.key] : undefined;
    if (action === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  };
}
