/**
 * A component's part in the agent's checkpoint: what it has to know after a crash. All parts are read in one go, without anything running in
 * between, and are stored together: so the position of a source and the durable length of a file that a sink wrote always fit together.
 *
 * A component calls `provide` once it can tell its state (at its start), and `changed` when there is something new. The next checkpoint is
 * written soon after; whatever must not happen before it is written waits for `commit`.
 */
export interface CheckpointPart {
  /**
   * What this part was when the agent last wrote its checkpoint, as JSON was parsed; `undefined` when there is nothing. Read it at the start of
   * the component's life (not when it is made: the one of an older configuration may still be at work then).
   */
  readonly saved: unknown;
  /**
   * Gives the function that tells the state, as JSON text. It is called synchronously, in the middle of whatever is under way, and must be fast; text that
   * did not change should be kept. It goes on being called after the end of the component, until another one of its name takes over.
   */
  provide(state: () => string): void;
  /** There is something new: a checkpoint is written soon. Cheap; may be called for every batch. */
  changed(): void;
  /**
   * Resolves when a checkpoint is durable that was taken after this call. Many waiters share one write. A checkpoint that cannot be written is tried again
   * until it can.
   * @throws SluiceError STATE_UNUSABLE when the agent ends before that
   */
  commit(): Promise<void>;
  /** A file of state of the component's own was found damaged at its start, and it has said so in the log: counted for dashboards. */
  damaged(): void;
}

/** Ranges of numbers, ascending and apart: from, to, from, to, … */
export type Ranges = readonly number[];
