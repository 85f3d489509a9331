/** Faro as a library: record a workload from a program, and read, prove and recover stories. See docs/library.md. */

export { createRecorder, type Recording, type StoryRecorder } from './library/create-recorder.ts';
export type { RecorderConnection, RecorderOptions } from './library/options.ts';
export type { LogRouteChoice } from './logs/route-chooser.ts';
export { type ErrorCode, FaroError } from './model/errors.ts';
export { parseTimestamp, type Timestamp, timestampOf } from './model/time.ts';
export type { Goal } from './record/goal.ts';
export type { RecordProgress } from './record/record.ts';
export type { RecordLog } from './record/record-log.ts';
export type {
  Story,
  StoryContainer,
  StoryFinding,
  StoryGap,
  StoryLedger,
  StoryMetadata,
  StoryObject,
  StoryVerdict,
  TimelineEntry,
} from './story/document.ts';
export { type StorySummary, writeStory as recoverStory } from './story/file.ts';
export { applyPatch } from './story/patch.ts';
export { type EntryFilter, openStory as readStory, type StoryHead, type StoryReader } from './story/reader.ts';
export { checkingKey } from './story/signature.ts';
export { type Proof, verifyStory } from './verify/verify.ts';
export { VERSION } from './version.ts';
