import type { Rule } from './finding.ts';
import { configChanged } from './rules/config-changed.ts';
import { containerConfig } from './rules/container-config.ts';
import { crash, crashLoop } from './rules/crash.ts';
import { eviction } from './rules/eviction.ts';
import { image } from './rules/image.ts';
import { initContainer } from './rules/init-container.ts';
import { jobFailed } from './rules/job-failed.ts';
import { livenessProbe, startupProbe } from './rules/killing-probes.ts';
import { missingConfig } from './rules/missing-config.ts';
import { nodeLost } from './rules/node-lost.ts';
import { nodeRefused } from './rules/node-refused.ts';
import { notReady } from './rules/not-ready.ts';
import { outOfMemory } from './rules/out-of-memory.ts';
import { readinessProbe } from './rules/readiness-probe.ts';
import { admission, quota } from './rules/refused.ts';
import { rolloutDeadline } from './rules/rollout-deadline.ts';
import { rolloutOvertaken } from './rules/rollout-overtaken.ts';
import { sandbox } from './rules/sandbox.ts';
import { unschedulable } from './rules/unschedulable.ts';
import { volume } from './rules/volume.ts';

/** Every rule; their order decides only between findings of one moment. */
export const RULES: readonly Rule[] = [
  configChanged,
  nodeLost,
  eviction,
  quota,
  admission,
  unschedulable,
  nodeRefused,
  missingConfig,
  sandbox,
  volume,
  image,
  containerConfig,
  outOfMemory,
  initContainer,
  startupProbe,
  livenessProbe,
  crashLoop,
  crash,
  readinessProbe,
  jobFailed,
  rolloutDeadline,
  rolloutOvertaken,
  notReady,
];
