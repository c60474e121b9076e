import { statSync } from 'node:fs';
import { declare } from '../../component/declaration.ts';
import { checkMultiline } from '../../tail/multiline-options.ts';
import { ChildSource } from './child-source.ts';
import { type ExecOptions, options } from './options.ts';
import { parseTail, type TailCommand } from './tail-command.ts';
import { TailSource } from './tail-source.ts';

/*
 * The exec source: the lines that a command prints. A command that is plainly a tail of files is not run: the files are read by the reader
 * of TAILDIR, which knows how far they were delivered.
 */

export const execSource = declare('source', {
  type: 'exec',
  classNames: ['org.apache.flume.source.ExecSource'],
  summary:
    'Runs a command and reads the lines that it prints. A plain tail -f or -F of files is no command: the files are read as by TAILDIR.',
  options,
  check: (values, report) => {
    if (values.shell === undefined && /["'|<>;&$`*]/.test(values.command))
      report(
        'warning',
        'command',
        'quotes, pipes, variables and patterns mean nothing without a shell',
        'set shell = /bin/sh -c if they are meant',
      );
    checkMultiline(values, report);
    for (const name of ['multiline', 'multiline.start', 'multiline.continuation'] as const) {
      if (values[name] !== undefined && servedTail(values) === undefined)
        report('error', name, 'only the lines of a tail that Sluice serves are joined', 'command = tail -F FILE');
    }
  },
  batchSize: (values) => values.batchSize,
  replays: (values) => servedTail(values) !== undefined,
  create: (values, context) => {
    const tail = servedTail(values);
    return tail === undefined ? new ChildSource(values, context) : new TailSource(tail, values, context);
  },
});

/** The command as a tail that can be served without running it: one of regular files, or of such as are not there yet. */
function servedTail({ command, shell, nativeTail }: ExecOptions): TailCommand | undefined {
  const tail = nativeTail ? parseTail(command, shell) : undefined;
  return tail?.files.every(mayBeLog) ? tail : undefined;
}

/** A FIFO, a device, a folder is for `tail` itself. */
function mayBeLog(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? true;
  } catch {
    return true;
  }
}
