import { isRawNumber } from '../../../model/json.ts';

/** Words that YAML would read as something else than text. */
const NOT_TEXT =
  /^(?:true|false|null|yes|no|on|off|y|n|~|[-+.]?\d.*|[-?:,[\]{}#&*!|>'"%@`=\s].*|.*\s|)$|: | #|:$|[\\\p{Cc}]/iu;

/** JSON as the YAML that kubectl shows, for the eye and for a comparison line by line. */
export function yamlOf(value: unknown): string {
  return linesOf(value, '').join('\n');
}

function linesOf(value: unknown, indent: string): string[] {
  if (Array.isArray(value) && value.length > 0) return value.flatMap((item) => itemLines(item, indent));
  if (isPlain(value) && Object.keys(value).length > 0)
    return Object.entries(value).flatMap(([name, child]) => fieldLines(name, child, indent));
  return [`${indent}${scalarOf(value)}`];
}

function fieldLines(name: string, value: unknown, indent: string): string[] {
  const key = `${indent}${scalarOf(name)}:`;
  if (isEmpty(value)) return [`${key} ${scalarOf(value)}`];
  return [key, ...linesOf(value, Array.isArray(value) ? indent : `${indent}  `)];
}

function itemLines(item: unknown, indent: string): string[] {
  const [first = '', ...rest] = linesOf(item, `${indent}  `);
  return [`${indent}- ${first.slice(indent.length + 2)}`, ...rest];
}

/** Whether a value stands on the line of its name. */
function isEmpty(value: unknown): boolean {
  return !(Array.isArray(value) ? value.length > 0 : isPlain(value) && Object.keys(value).length > 0);
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value);
}

function scalarOf(value: unknown): string {
  if (typeof value === 'string' && !NOT_TEXT.test(value)) return value;
  return JSON.stringify(value) ?? 'null';
}
