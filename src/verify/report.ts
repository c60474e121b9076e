import type { LockHolder } from '../component/directory-lock.ts';

/** A file that a source reads, as the present checkpoint has it, and as it is now. */
export interface InputReport {
  /** `source.r1` */
  readonly component: string;
  /** Where it was last seen. */
  readonly path: string;
  /** All lines before it are delivered. */
  readonly position: number;
  /** Bytes now; without one the file is gone. */
  readonly size?: number;
  /** Bytes that are still to be delivered; of a file that is gone, those that were seen. */
  readonly left: number;
  /** Of these, bytes that are durable on some of the ways already, and go only the others. */
  readonly ahead: number;
  /** Where it lies now, if it was renamed. */
  readonly renamedTo?: string;
  /** What is to be said of it, in words. */
  readonly note?: string;
}

/** A file that a sink has not finished. */
export interface OutputReport {
  /** `sink.k1` */
  readonly component: string;
  readonly fileSystem: string;
  readonly path: string;
  /** Its name when it is finished. */
  readonly target: string;
  readonly state: string;
  /** What survives any crash, in bytes and events. */
  readonly durable: number;
  readonly events: number;
  /** Bytes now, under whichever name, if that is known. */
  readonly size?: number;
  /** What happens to it at the next start, or is happening, in words. */
  readonly next: string;
}

/** A queue on disk. */
export interface ChannelReport {
  /** `channel.c1` */
  readonly component: string;
  readonly directories: readonly string[];
  readonly queued: number;
  readonly segments?: number;
  readonly bytes?: number;
  /** Segments whose last write was not finished: a start cuts it off, its source has not been told that it is kept. */
  readonly torn?: readonly string[];
  /** Segments with damaged records. */
  readonly damaged?: readonly string[];
  readonly notes: readonly string[];
}

export interface CheckpointFileReport {
  readonly path: string;
  readonly state: 'missing' | 'damaged' | 'sound';
  readonly sequence?: number;
  readonly reason?: string;
}

/** All that there is to say of a state directory. */
export interface Report {
  readonly stateDir: string;
  /** By whom the state was written. */
  readonly agent?: string;
  /** `attention`: there is something that the agent will not put right by itself. */
  readonly verdict: 'sound' | 'attention';
  readonly holder?: LockHolder;
  /** The one that counts. */
  readonly checkpoint?: {
    readonly path: string;
    readonly sequence: number;
    readonly epoch: number;
    readonly ageMs: number;
  };
  readonly checkpointFiles: readonly CheckpointFileReport[];
  readonly inputs: readonly InputReport[];
  readonly outputs: readonly OutputReport[];
  readonly channels: readonly ChannelReport[];
  /** Parts of the checkpoint that say nothing of files or queues. */
  readonly others: readonly string[];
  /** What wants an operator. */
  readonly problems: readonly string[];
  /** What is worth knowing, and no trouble. */
  readonly notes: readonly string[];
}

/** One component's share of a report. */
export interface Findings<T> {
  readonly rows: readonly T[];
  readonly problems: readonly string[];
}
