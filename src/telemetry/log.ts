import { pino, stdSerializers } from 'pino';
import { printable } from '../model/printable.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';
export type LogFormat = 'text' | 'json';

/** A structured log: fields first, then a constant message. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Writes a whole line; standard error in the command, a list in tests. */
export type LineWriter = (line: string) => void;

/** Makes the log of one run; `json` for machines, `text` for people. */
export function createLog(options: { level: LogLevel; format: LogFormat; write: LineWriter }): Log {
  const { level, format, write } = options;
  const stream = { write: (line: string) => write(format === 'json' ? line : textOf(line)) };
  return pino({ level, base: null, serializers: { error: stdSerializers.err } }, stream);
}

const LEVEL_NAMES: Readonly<Record<number, string>> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' };

/** `16:07:00.120 warn  not readable resource=secrets namespace=shop` */
function textOf(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const clock = new Date(Number(time)).toISOString().slice(11, 23);
  const name = (LEVEL_NAMES[Number(level)] ?? 'info').padEnd(5);
  const pairs = Object.entries(fields).map(
    ([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${clock} ${name} ${printable(`${String(msg)}${pairs.join('')}`)}\n`;
}
