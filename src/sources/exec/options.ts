import { bool, choice, integer, type OptionValues, text } from '../../options/option.ts';
import { multilineOptions } from '../../tail/multiline-options.ts';
import { charsetProblem } from './recode.ts';

export const options = {
  command: text({
    required: true,
    doc: 'The command, split at blanks; quotes, pipes and variables mean nothing without `shell`.',
  }),
  nativeTail: bool({
    default: true,
    ours: true,
    doc: 'Whether Sluice itself reads the files of a command that is plainly `tail -f` or `tail -F` of files: it then goes on where it was, whatever happens. false runs the command.',
  }),
  shell: text({ doc: 'A shell that gets the command as one argument: `/bin/sh -c`.' }),
  restart: bool({
    default: false,
    doc: 'Whether the command is started again when it has ended, whatever its exit code. A tail that Sluice serves never ends.',
  }),
  restartThrottle: integer({ default: 10_000, min: 0, unit: 'ms', doc: 'How long to wait before that.' }),
  logStdErr: bool({
    default: false,
    doc: 'Whether what the command prints to standard error goes to the log. A tail that Sluice serves prints nothing.',
  }),
  batchSize: integer({
    default: 20,
    min: 1,
    unit: 'events',
    doc: 'How many lines Flume gathers; Sluice hands on what is there, at once.',
  }),
  batchTimeout: integer({ default: 3000, min: 0, unit: 'ms', doc: 'How long Flume gathers; Sluice does not wait.' }),
  charset: text({
    default: 'UTF-8',
    doc: 'The charset of the output. Bytes that are no UTF-8 become U+FFFD, as with Flume; those of other charsets pass as they are.',
    check: charsetProblem,
  }),
  maxLineLength: integer({
    default: 1 << 20,
    min: 1,
    max: 1 << 30,
    unit: 'bytes',
    ours: true,
    doc: 'The longest line.',
  }),
  longLine: choice(['cut', 'skip'], {
    default: 'cut',
    ours: true,
    doc: 'Of a longer line the beginning is kept, or nothing. It is counted in EventReadFail.',
  }),
  ...multilineOptions,
  stopTimeout: integer({
    default: 5000,
    min: 0,
    unit: 'ms',
    ours: true,
    doc: 'How long the command and its children may take to end after SIGTERM; then they are killed.',
  }),
};

export type ExecOptions = OptionValues<typeof options>;
