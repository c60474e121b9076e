import type { Kind } from '../component/declaration.ts';

/**
 * What Flume 1.11 has, by kind: short name and class (in `org.apache.flume.`), so that a configuration which uses something that Sluice has not is told
 * so, rather than that the type is misspelt. A `-` stands where Flume has only the class name.
 */
const FLUME_TYPES: Readonly<Partial<Record<Kind, readonly (readonly [name: string, className: string])[]>>> = {
  source: [
    ['seq', 'source.SequenceGeneratorSource'],
    ['netcat', 'source.NetcatSource'],
    ['netcatudp', 'source.NetcatUdpSource'],
    ['exec', 'source.ExecSource'],
    ['avro', 'source.AvroSource'],
    ['thrift', 'source.ThriftSource'],
    ['syslogtcp', 'source.SyslogTcpSource'],
    ['multiport_syslogtcp', 'source.MultiportSyslogTCPSource'],
    ['syslogudp', 'source.SyslogUDPSource'],
    ['spooldir', 'source.SpoolDirectorySource'],
    ['http', 'source.http.HTTPSource'],
    ['jms', 'source.jms.JMSSource'],
    ['TAILDIR', 'source.taildir.TaildirSource'],
    ['-', 'source.StressSource'],
    ['-', 'source.kafka.KafkaSource'],
    ['-', 'source.scribe.ScribeSource'],
    ['-', 'source.twitter.TwitterSource'],
    ['-', 'source.avroLegacy.AvroLegacySource'],
    ['-', 'source.thriftLegacy.ThriftLegacySource'],
  ],
  channel: [
    ['memory', 'channel.MemoryChannel'],
    ['file', 'channel.file.FileChannel'],
    ['jdbc', 'channel.jdbc.JdbcChannel'],
    ['SPILLABLEMEMORY', 'channel.SpillableMemoryChannel'],
    ['-', 'channel.kafka.KafkaChannel'],
    ['-', 'channel.PseudoTxnMemoryChannel'],
  ],
  sink: [
    ['null', 'sink.NullSink'],
    ['logger', 'sink.LoggerSink'],
    ['file_roll', 'sink.RollingFileSink'],
    ['hdfs', 'sink.hdfs.HDFSEventSink'],
    ['avro', 'sink.AvroSink'],
    ['thrift', 'sink.ThriftSink'],
    ['irc', 'sink.irc.IRCSink'],
    ['hbase', 'sink.hbase.HBaseSink'],
    ['asynchbase', 'sink.hbase.AsyncHBaseSink'],
    ['hbase2', 'sink.hbase2.HBase2Sink'],
    ['hive', 'sink.hive.HiveSink'],
    ['http', 'sink.http.HttpSink'],
    ['morphline_solr', 'sink.solr.morphline.MorphlineSolrSink'],
    ['elasticsearch', 'sink.elasticsearch.ElasticSearchSink'],
    ['-', 'sink.kafka.KafkaSink'],
    ['-', 'sink.kudu.KuduSink'],
    ['-', 'sink.kite.DatasetSink'],
  ],
  interceptor: [
    ['timestamp', 'interceptor.TimestampInterceptor$Builder'],
    ['host', 'interceptor.HostInterceptor$Builder'],
    ['static', 'interceptor.StaticInterceptor$Builder'],
    ['regex_filter', 'interceptor.RegexFilteringInterceptor$Builder'],
    ['regex_extractor', 'interceptor.RegexExtractorInterceptor$Builder'],
    ['remove_header', 'interceptor.RemoveHeaderInterceptor$Builder'],
    ['search_replace', 'interceptor.SearchAndReplaceInterceptor$Builder'],
    ['-', 'sink.solr.morphline.UUIDInterceptor$Builder'],
    ['-', 'sink.solr.morphline.MorphlineInterceptor$Builder'],
  ],
  selector: [
    ['replicating', 'channel.ReplicatingChannelSelector'],
    ['multiplexing', 'channel.MultiplexingChannelSelector'],
    ['load_balancing', 'channel.LoadBalancingChannelSelector'],
  ],
  processor: [
    ['default', 'sink.DefaultSinkProcessor'],
    ['failover', 'sink.FailoverSinkProcessor'],
    ['load_balance', 'sink.LoadBalancingSinkProcessor'],
  ],
};

/** Flume's own name of a type (short if it has one), or `undefined` when Flume has no such thing either. */
export function flumeTypeName(kind: Kind, type: string): string | undefined {
  const className = type.replace(/\$Builder$/, '');
  for (const [name, flumeClass] of FLUME_TYPES[kind] ?? []) {
    const full = `org.apache.flume.${flumeClass}`;
    const simple = full.slice(full.lastIndexOf('.') + 1);
    if (name !== '-' && name.toLowerCase() === type.toLowerCase()) return name;
    if (full === type || full.replace(/\$Builder$/, '') === className) return name === '-' ? simple : name;
  }
  return undefined;
}

/** The short names and full class names that Flume has for a kind. */
export function flumeTypeNames(kind: Kind): string[] {
  return (FLUME_TYPES[kind] ?? []).flatMap(([name, flumeClass]) =>
    name === '-' ? [`org.apache.flume.${flumeClass}`] : [name, `org.apache.flume.${flumeClass}`],
  );
}
