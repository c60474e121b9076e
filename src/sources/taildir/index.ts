import { join } from 'node:path';
import { declare } from '../../component/declaration.ts';
import { makeGroups } from '../../tail/file-groups.ts';
import { joiningOf } from '../../tail/multiline-options.ts';
import { TailReader } from '../../tail/tail-reader.ts';
import { check, options } from './options.ts';

/** TAILDIR: lines of files that grow, by folder and pattern. */
export const taildirSource = declare('source', {
  type: 'TAILDIR',
  classNames: ['org.apache.flume.source.taildir.TaildirSource'],
  summary: 'Reads lines from files that grow, and remembers how far they were delivered.',
  options,
  check,
  batchSize: (values) => values.batchSize,
  replays: true,
  create: (values, context) =>
    new TailReader(
      {
        ...values,
        groups: makeGroups(values.filegroups, values['filegroups.*'], values['headers.*']),
        lines: {
          format: values.lineFormat,
          ...joiningOf(values),
          streamHeader: values.streamHeader,
          timeHeader: values.timeHeader,
        },
        positionFile: values.positionFile ?? join(context.homeDir, '.flume/taildir_position.json'),
      },
      context,
    ),
});
