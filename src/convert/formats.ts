import type { TextConverter } from './converter.ts';

/** Formats that are one text. */
export const TEXT_FORMATS = ['md', 'ndjson', 'csv', 'otlp', 'perfetto'] as const;
export type TextFormat = (typeof TEXT_FORMATS)[number];

/** Loads a converter when it is needed. */
export async function textConverter(format: TextFormat): Promise<TextConverter> {
  switch (format) {
    case 'md':
      return (await import('./digest.ts')).digest;
    case 'ndjson':
      return (await import('./ndjson.ts')).ndjson;
    case 'csv':
      return (await import('./csv.ts')).csv;
    case 'otlp':
      return (await import('./otlp.ts')).otlp;
    case 'perfetto':
      return (await import('./perfetto.ts')).perfetto;
  }
}
