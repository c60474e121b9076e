import { randomBytes } from 'node:crypto';
import type { Origin } from '../component/source.ts';
import type { EventBatch } from '../event/event-batch.ts';
import { ConstantColumn, NumberColumn, TextColumn } from '../event/header-columns.ts';

/** The headers by which a reader tells an event that comes again from a new one. */
export const AGENT_HEADER = 'sluice.agent';
export const EPOCH_HEADER = 'sluice.epoch';
export const SEQUENCE_HEADER = 'sluice.sequence';

/**
 * Gives the events of a source the headers that name them. What a source reads again after a crash bears the same ones as before, if the source says where it
 * comes from; other events are counted.
 */
export class SequenceHeaders {
  readonly #agent: string;
  readonly #epoch: string;
  #next = 0;

  /** @param lifeEpoch grows with each start of the agent, for people; that no two lives have the same one is seen to here */
  constructor(agent: string, source: string, lifeEpoch: number) {
    this.#agent = `${agent}/${source}`;
    this.#epoch = `${lifeEpoch}-${randomBytes(4).toString('hex')}`;
  }

  /** The batch with the headers on every row that has none. */
  add(batch: EventBatch, origin: Origin | undefined): EventBatch {
    const epoch = origin?.epoch ?? this.#epoch;
    const sequences = origin?.sequences ?? this.#count(batch.length);
    if (batch.header(SEQUENCE_HEADER) !== undefined) return this.#fillIn(batch, epoch, sequences);
    return batch
      .withHeader(new ConstantColumn(AGENT_HEADER, this.#agent))
      .withHeader(new ConstantColumn(EPOCH_HEADER, epoch))
      .withHeader(new NumberColumn(SEQUENCE_HEADER, sequences));
  }

  #count(rows: number): Float64Array {
    const first = this.#next;
    this.#next += rows;
    const sequences = new Float64Array(rows);
    for (let row = 0; row < rows; row++) sequences[row] = first + row;
    return sequences;
  }

  /** Some rows have them from an agent before this one: those go further back. */
  #fillIn(batch: EventBatch, epoch: string, sequences: Float64Array): EventBatch {
    const [agents, epochs, numbers] = [AGENT_HEADER, EPOCH_HEADER, SEQUENCE_HEADER].map((name) => batch.header(name));
    const texts = [AGENT_HEADER, EPOCH_HEADER, SEQUENCE_HEADER].map(
      (name) => [name, new Array<string | undefined>(batch.length)] as const,
    );
    for (let row = 0; row < batch.length; row++) {
      const isThere = numbers?.value(row) !== undefined;
      texts[0]![1][row] = isThere ? agents?.value(row) : this.#agent;
      texts[1]![1][row] = isThere ? epochs?.value(row) : epoch;
      texts[2]![1][row] = isThere ? numbers?.value(row) : sequences[row]!.toFixed(0);
    }
    let filled = batch;
    for (const [name, values] of texts) filled = filled.withHeader(new TextColumn(name, values));
    return filled;
  }
}
