/** The recorder's own log: a constant message, variables as fields. */
export interface RecordLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}
