import { type Document, type ErrorCode, isNode, LineCounter, parseAllDocuments, type Tags } from 'yaml';
import { FaroError } from '../../model/errors.ts';
import type { Step } from './place.ts';

/** A parsed YAML (or JSON) file that still knows where its values stand. */
export interface YamlDocument {
  /** Plain data; undefined for a file without any. */
  readonly data: unknown;
  /** `FILE:LINE:COLUMN` of the value at a path, or of the nearest one around it. */
  at(path: readonly Step[]): string;
}

/**
 * The library's own sentences quote the source, which may hold a secret: every code gets words of ours.
 */
const PROBLEMS: Readonly<Partial<Record<ErrorCode, string>>> = {
  ALIAS_PROPS: 'an alias may have no tag or anchor of its own',
  BAD_ALIAS: 'an alias or anchor without a valid name',
  BAD_DIRECTIVE: 'a % directive that YAML does not know',
  BAD_DQ_ESCAPE: 'an escape sequence in double quotes that YAML does not know',
  BAD_INDENT: 'the indentation does not fit the lines before',
  BAD_SCALAR_START: 'a value begins with a character that YAML reserves: put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a second ": " on one line: put the value in quotes, or begin a new line',
  BLOCK_IN_FLOW: 'an indented block inside of { } or [ ]',
  MISSING_CHAR: 'something is missing: a closing quote, a colon or a dash',
  MULTILINE_IMPLICIT_KEY: 'a key goes over several lines: most likely a colon is missing, or the indentation is wrong',
  TAB_AS_INDENT: 'a tab indents the line: YAML allows only spaces',
  UNEXPECTED_TOKEN: 'something stands here that does not belong: most likely a quote, a bracket or the indentation',
};

/**
 * The differences between the library's YAML 1.1 and what sigs.k8s.io/yaml reads: dates and 12:30:45 stay text.
 */
function asGoReads(tags: Tags): Tags {
  const isText = ({ tag, format }: { tag: string; format?: string }): boolean =>
    tag.endsWith(':timestamp') || tag.endsWith(':binary') || format === 'TIME';
  return tags.filter((tag) => typeof tag === 'string' || !isText(tag));
}

/** Decodes as Go's YAML does: UTF-8, or UTF-16 by its byte order mark, which PowerShell's `>` writes. */
function decode(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return new TextDecoder().decode(bytes);
}

/** Parses the first document of a YAML file as kubectl would; throws a FaroError that names line and column. */
export function parseYaml(bytes: Uint8Array, file: string): YamlDocument {
  const lines = new LineCounter();
  const document = firstDocument(decode(bytes), lines);
  const placeOf = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const fault = document?.errors[0];
  if (fault !== undefined) throw yamlError(placeOf(fault.pos[0]), PROBLEMS[fault.code] ?? 'this is no valid YAML');
  return {
    data: document === undefined ? undefined : plainData(document, file),
    at: (path) => (document === undefined ? file : placeOf(offsetOf(document, path))),
  };
}

function firstDocument(text: string, lineCounter: LineCounter): Document | undefined {
  // Repeated keys are allowed, the last one wins: kubectl reads such files, and Faro works wherever kubectl does.
  const documents = parseAllDocuments(text, {
    version: '1.1',
    merge: true,
    uniqueKeys: false,
    strict: false,
    prettyErrors: false,
    logLevel: 'silent',
    customTags: asGoReads,
    lineCounter,
  });
  return 'empty' in documents ? undefined : documents[0];
}

function plainData(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch {
    // No cause: the library's message may quote the file.
    throw yamlError(file, 'an alias without its anchor, or aliases that would grow without end');
  }
}

function offsetOf(document: Document, path: readonly Step[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}

function yamlError(place: string, problem: string): FaroError {
  return new FaroError('kubeconfig', `${place}: YAML: ${problem}`, {
    hint: 'Correct the file there, or name another one with --kubeconfig or KUBECONFIG.',
  });
}
