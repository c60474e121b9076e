import { bool } from '../options/option.ts';

/** Options that every source has; the agent sees to them. */
export const SOURCE_OPTIONS = {
  sequenceHeaders: bool({
    default: false,
    ours: true,
    doc: 'Adds the headers sluice.agent (AGENT/SOURCE), sluice.epoch and sluice.sequence, before the interceptors, so that a reader behind a peer that may get a batch twice (avro) can drop what is double: an event is, whose sluice.sequence was seen already with the same sluice.agent and sluice.epoch. A line of a file that is read again after a crash has the same ones again: epoch names the file and its content, sequence is the offset of the line. Events that have them already keep them.',
  }),
};
