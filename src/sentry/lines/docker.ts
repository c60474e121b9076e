import { type Fields, isFields } from '../payload.ts';

/** A record of docker's json-file driver: `{"log":"text\n","stream":"stdout","time":"…"}`. */
export interface DockerRecord {
  readonly log: string;
  /** RFC 3339, as docker wrote it. */
  readonly time: string;
}

/** A parsed value as a record of docker; `undefined` when it is none. */
export function asDockerRecord(value: unknown): DockerRecord | undefined {
  if (!isFields(value)) return undefined;
  const { log, stream, time }: Fields = value;
  if (typeof log !== 'string' || typeof time !== 'string' || typeof stream !== 'string') return undefined;
  return { log, time };
}
