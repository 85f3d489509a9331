/** How far an object is on its way to the state that its spec asks for. */
export interface Readiness {
  readonly state: 'ready' | 'progressing' | 'failed' | 'deleted';
  /** For a person. */
  readonly reason: string;
}

export function ready(reason: string): Readiness {
  return { state: 'ready', reason };
}

export function progressing(reason: string): Readiness {
  return { state: 'progressing', reason };
}

export function failed(reason: string): Readiness {
  return { state: 'failed', reason };
}
