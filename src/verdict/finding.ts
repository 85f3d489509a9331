import type { Facts, Moment, ObjectFacts } from './facts.ts';
import { brief } from './text.ts';

/**
 * What a rule says of the things it finds: `own` faults lie in the workload itself or around it; `dependent` ones may
 * come from something else that failed before; a `symptom` shows that something failed, and not what; a `trigger` is
 * no fault by itself, and only told where one followed.
 */
export type Role = 'own' | 'dependent' | 'symptom' | 'trigger';

/** Something that went wrong, with the entries of the timeline that show it. */
export interface Finding {
  /** One sentence, harmless to print, that begins with what it is about. */
  readonly summary: string;
  readonly object: number;
  readonly container?: number;
  /** `seq` of entries; the most telling first. */
  readonly evidence: readonly number[];
  /** When it began, as far as that is known. */
  readonly onset: Moment;
  /** The last sign of it. */
  readonly last: Moment;
  /** Whether all was well again when the story ended. */
  readonly isOver: boolean;
  /** It was made good itself, whether all is well again or not: what its pod waited for came. */
  readonly isPast?: boolean;
  /** What tells one fault from another in one workload, e.g. the container's name. */
  readonly key: string;
  /** The last lines before it, where it has such. */
  readonly lines?: readonly string[];
  /** Only worth telling where something else explains it. */
  readonly isSlight?: boolean;
  /** Texts that may name what it depends on. */
  readonly mentions?: string;
}

/** Looks for one kind of fault. Pure. */
export interface Rule {
  readonly name: string;
  readonly role: Role;
  find(facts: Facts): readonly Finding[];
}

/** A finding with the rule that found it. */
export interface Found extends Finding {
  readonly rule: string;
  readonly role: Role;
  /** Index of the workload that it belongs to. */
  readonly workload: number;
  /** How others may name that workload. */
  readonly names: readonly string[];
}

/** `pod web-7c9-x2x`, harmless to print. */
export function nameOf({ kind, name }: Pick<ObjectFacts, 'kind' | 'name'>): string {
  return `${kind.toLowerCase()} ${brief(name, 253)}`;
}

/** Everything of one kind, with what the timeline tells of it. */
export function ofKind(facts: Facts, kind: string): readonly (ObjectFacts & { readonly first: Moment })[] {
  return facts.objects.filter(
    (object): object is ObjectFacts & { readonly first: Moment } => object.kind === kind && object.first !== undefined,
  );
}

/** `seq` of moments, without those that are not there, each once. */
export function evidenceOf(...moments: readonly (Moment | undefined)[]): number[] {
  return [...new Set(moments.flatMap((moment) => moment?.seq ?? []))];
}
