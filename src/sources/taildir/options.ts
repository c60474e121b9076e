import type { Report } from '../../options/bind.ts';
import { javaRegexProblem } from '../../options/java-regex.ts';
import { bool, choice, entries, integer, type OptionValues, text, words } from '../../options/option.ts';
import { splitGroupPath } from '../../tail/file-groups.ts';
import { checkMultiline, multilineOptions } from '../../tail/multiline-options.ts';

export const options = {
  filegroups: words({ required: true, doc: 'The names of the groups of files, with blanks between them.' }),
  'filegroups.*': entries({
    of: 'group',
    required: true,
    doc: 'The files of a group: a folder, taken literally, and a regular expression of Java for the whole file name. No subfolders.',
  }),
  positionFile: text({
    doc: 'Where the positions are kept, in the format of Flume; the file of a Flume agent is taken over. Default: ~/.flume/taildir_position.json.',
  }),
  'headers.*': entries({ of: 'group>.<header', doc: 'Headers of the events of a group.' }),
  byteOffsetHeader: bool({
    default: false,
    doc: 'Whether the header byteoffset tells where in its file a line began.',
  }),
  fileHeader: bool({ default: false, doc: 'Whether a header tells the path of the file.' }),
  fileHeaderKey: text({ default: 'file', doc: 'The name of that header.' }),
  skipToEnd: bool({
    default: false,
    doc: 'Whether files without a position are read from their end when the agent starts. Files found later are read from their beginning.',
  }),
  idleTimeout: integer({
    default: 120_000,
    min: 0,
    unit: 'ms',
    doc: 'A file that did not grow for so long is closed; it is opened again when it grows.',
  }),
  writePosInterval: integer({ default: 3000, min: 1, unit: 'ms', doc: 'How often positions are written.' }),
  batchSize: integer({
    default: 100,
    min: 1,
    unit: 'events',
    doc: 'With maxBatchCount: how many events of one file are read before the next one has its turn.',
  }),
  maxBatchCount: integer({
    default: Number.MAX_SAFE_INTEGER,
    doc: 'How many batches of one file are read before the next one has its turn; 0 or less: no limit but 8 MiB.',
  }),
  backoffSleepIncrement: integer({
    default: 1000,
    unit: 'ms',
    doc: 'Accepted and not used: there is no polling to slow down.',
  }),
  maxBackoffSleep: integer({
    default: 5000,
    unit: 'ms',
    doc: 'Accepted and not used: there is no polling to slow down.',
  }),
  cachePatternMatching: bool({ default: true, doc: 'Accepted and not used: folders are watched.' }),
  maxLineLength: integer({
    default: 1 << 20,
    min: 1,
    max: 1 << 30,
    unit: 'bytes',
    ours: true,
    doc: 'The longest line. Up to so much memory is needed for a file whose last line has no end yet.',
  }),
  longLine: choice(['cut', 'skip'], {
    default: 'cut',
    ours: true,
    doc: 'Of a longer line the beginning is kept, or nothing. It is counted in EventReadFail.',
  }),
  deletedFileTimeout: integer({
    default: 5000,
    min: 0,
    unit: 'ms',
    ours: true,
    doc: 'The unfinished last line of a file that was deleted becomes an event when nothing was written for so long.',
  }),
  lineFormat: choice(['plain', 'docker', 'cri'], {
    default: 'plain',
    ours: true,
    doc: "What the lines are: docker: records of docker's json-file driver; cri: those of containerd and CRI-O. The body is then the text, with pieces of a long line put together; a line that is no such record is passed on as it is and counted in EventReadFail.",
  }),
  streamHeader: text({
    default: 'stream',
    ours: true,
    doc: 'With lineFormat docker or cri: the name of the header that tells stdout or stderr; empty: no such header.',
  }),
  timeHeader: text({
    default: 'time',
    ours: true,
    doc: 'With lineFormat docker or cri: the name of the header with the time of the record, as it is written there; empty: no such header.',
  }),
  ...multilineOptions,
  compressed: choice(['read', 'skip', 'raw'], {
    default: 'read',
    ours: true,
    doc: 'What becomes of files that gzip, zstd, bzip2 or xz made, whatever their names. read: those of gzip and zstd are read for the lines they hold, once and to their end; a copy of a log that was read before (told by its content) is read from where that was read to, so mostly not at all; bzip2 and xz are left out. skip: all are left out. raw: they are read byte for byte like any other.',
  }),
  maxOpenFiles: integer({
    default: 512,
    min: 1,
    ours: true,
    doc: 'How many files are kept open, and no more than a quarter of the file descriptors that the process may have; beyond that the one that was read longest ago is closed.',
  }),
  rescanInterval: integer({
    default: 10_000,
    min: 10,
    unit: 'ms',
    ours: true,
    doc: 'How often the folders are looked through for what the kernel did not report; more seldom where that would take more than half a percent of the time, with more than 100,000 files.',
  }),
};

export type TaildirOptions = OptionValues<typeof options>;

/** The rules between the options. */
export function check(values: TaildirOptions, report: Report): void {
  checkMultiline(values, report);
  const paths = values['filegroups.*'];
  if (!values.filegroups.some((group) => paths.has(group))) {
    report(
      'error',
      'filegroups',
      'no group has a path, so there is nothing to read',
      `filegroups.${values.filegroups[0] ?? 'NAME'} = /var/log/app/.*\\\\.log`,
    );
    return;
  }
  for (const group of values.filegroups) {
    const path = paths.get(group);
    if (path === undefined) {
      // Flume drops such a name without a word.
      report('warning', `filegroups.${group}`, 'the group has no path and is left out');
      continue;
    }
    const { dir, name } = splitGroupPath(path);
    if (!dir.startsWith('/')) report('error', `filegroups.${group}`, `"${path}" is not an absolute path`);
    const problem = name === '' ? 'it ends with / and names no file' : javaRegexProblem(name);
    if (problem !== undefined) report('error', `filegroups.${group}`, problem, 'the last part is a regular expression');
  }
  for (const group of paths.keys()) {
    if (!values.filegroups.includes(group))
      report('warning', `filegroups.${group}`, 'the group is not named in filegroups and is left out');
  }
  for (const key of values['headers.*'].keys()) {
    const group = key.split('.')[0];
    if (!values.filegroups.includes(group)) report('warning', `headers.${key}`, `there is no group ${group}`);
  }
}
