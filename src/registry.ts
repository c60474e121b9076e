import { fileChannel } from './channels/file/index.ts';
import { memory } from './channels/memory.ts';
import type { Registry } from './component/declaration.ts';
import { file } from './filesystems/file/index.ts';
import { webhdfs } from './filesystems/webhdfs/index.ts';
import { host } from './interceptors/host.ts';
import { sentryInterceptor } from './interceptors/sentry.ts';
import { staticInterceptor } from './interceptors/static.ts';
import { timestamp } from './interceptors/timestamp.ts';
import { defaultProcessor } from './processors/default.ts';
import { replicating } from './selectors/replicating.ts';
import { avroEvent } from './serializers/avro_event.ts';
import { avroSchema } from './serializers/avro_schema.ts';
import { headerAndText } from './serializers/header_and_text.ts';
import { sentryRows } from './serializers/sentry_rows/index.ts';
import { text } from './serializers/text.ts';
import { avroSink } from './sinks/avro.ts';
import { fileRoll } from './sinks/file_roll.ts';
import { hdfs } from './sinks/hdfs/index.ts';
import { loggerSink } from './sinks/logger.ts';
import { nullSink } from './sinks/null.ts';
import { avroSource } from './sources/avro.ts';
import { execSource } from './sources/exec/index.ts';
import { httpSource } from './sources/http/index.ts';
import { sentrySource } from './sources/sentry/index.ts';
import { sentryWebhookSource } from './sources/sentry_webhook/index.ts';
import { seqSource } from './sources/seq.ts';
import { taildirSource } from './sources/taildir/index.ts';

/** Every component of Sluice, in plain sight. To add one: write it, import it here, put it in the list. */
export const registry: Registry = {
  components: [
    // sources
    avroSource,
    execSource,
    httpSource,
    sentrySource,
    sentryWebhookSource,
    seqSource,
    taildirSource,
    // channels
    memory,
    fileChannel,
    // sinks
    avroSink,
    fileRoll,
    hdfs,
    loggerSink,
    nullSink,
    // interceptors
    timestamp,
    host,
    staticInterceptor,
    sentryInterceptor,
    // selectors
    replicating,
    // processors
    defaultProcessor,
    // serializers
    text,
    headerAndText,
    avroEvent,
    avroSchema,
    sentryRows,
  ],
  fileSystems: [file, webhdfs],
};
