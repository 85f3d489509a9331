import { ToldEnds } from '../../../story/told-ends.ts';
import { decodeReport } from '../data/decode.ts';
import { millisecondsSince, type ReportData, type ReportFacts } from '../data/report-data.ts';
import { lineTimes } from '../model/density.ts';
import { laneStories } from '../model/lane-stories.ts';
import { type LaneIndex, lanesOf } from '../model/lanes.ts';
import { Rows } from '../model/rows.ts';
import type { LaneStory } from '../model/spans.ts';

/** A stretch of the time line, in milliseconds since the story's start. */
export interface TimeWindow {
  readonly from: number;
  readonly to: number;
}

/** The story as the page holds it: read once, never changed. */
export interface Opened {
  readonly data: ReportData;
  readonly facts: ReportFacts;
  readonly index: LaneIndex;
  readonly stories: readonly LaneStory[];
  readonly rows: Rows;
  /** Which runs ended as their pod was told to go. */
  readonly told: ToldEnds;
  /** When each lane wrote its lines. */
  readonly lineTimes: readonly Float64Array[];
  /** The story's start in milliseconds since the epoch. */
  readonly epoch: number;
  /** The recording, with a little room. */
  readonly recorded: TimeWindow;
  /** Everything that the story tells of, also from before the recording began. */
  readonly whole: TimeWindow;
}

/** Reads the data that stands in the page. Throws where it is damaged or the browser is too old. */
export async function openReport(base64: string): Promise<Opened> {
  const stream = new Blob([bytesOf(base64)]).stream().pipeThrough(new DecompressionStream('gzip'));
  const data = decodeReport(new Uint8Array(await new Response(stream).arrayBuffer()));
  const { facts } = data;
  const index = lanesOf(facts);
  const rows = new Rows(data, index);
  const told = new ToldEnds(facts.entries);
  const { startTime, endTime } = facts.metadata;
  const recorded = withRoom({ from: 0, to: Math.max(1, millisecondsSince(endTime, startTime)) });
  return {
    data,
    facts,
    index,
    stories: laneStories(data, index, told),
    rows,
    told,
    lineTimes: lineTimes(rows, index.lanes.length),
    epoch: Date.parse(`${startTime.slice(0, 23)}Z`) + Number(startTime.slice(23, 29)) / 1e6,
    recorded,
    whole: withRoom(extentOf(rows, recorded)),
  };
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
  return bytes;
}

function extentOf({ time }: Rows, recorded: TimeWindow): TimeWindow {
  let { from, to } = recorded;
  for (const at of time) {
    if (at < from) from = at;
    if (at > to) to = at;
  }
  return { from, to };
}

function withRoom({ from, to }: TimeWindow): TimeWindow {
  const room = (to - from) * 0.02;
  return { from: from - room, to: to + room };
}
