import assert from 'node:assert/strict';
import { type Loaded, loadAgent } from '../../src/config/load.ts';
import { renderProblem } from '../../src/options/problem.ts';
import { fakeRegistry } from './fake-registry.ts';

const BASE: Readonly<Record<string, string>> = {
  sources: 'r',
  channels: 'c d',
  sinks: 'k l',
  'sources.r.type': 'seq',
  'sources.r.channels': 'c d',
  'channels.c.type': 'memory',
  'channels.d.type': 'memory',
  'sinks.k.type': 'null',
  'sinks.k.channel': 'c',
  'sinks.l.type': 'null',
  'sinks.l.channel': 'd',
};

/** The base with some keys changed, and those with an empty value left out. */
function load(changes: Record<string, string>, strict = false): Promise<Loaded> {
  const keys = Object.entries({ ...BASE, ...changes }).filter(([, value]) => value !== '');
  const text = keys.map(([key, value]) => `agent.${key} = ${value}\n`).join('');
  return loadAgent({
    files: ['f'],
    readFile: async () => Buffer.from(text),
    agent: 'agent',
    strict,
    env: {},
    systemProperties: new Map(),
    registry: fakeRegistry,
  });
}

/** What is said, without the places. */
async function said(changes: Record<string, string>): Promise<string[]> {
  const { problems } = await load(changes);
  return problems.map((problem) => renderProblem({ ...problem, at: undefined }));
}

describe('planning an agent', () => {
  it('takes types in any case, as class names and as builders', async () => {
    const { plan, problems } = await load({
      'sources.r.type': 'org.apache.flume.source.SequenceGeneratorSource',
      'channels.c.type': 'MEMORY',
      'sources.r.interceptors': 'i j',
      'sources.r.interceptors.i.type': 'org.apache.flume.interceptor.StaticInterceptor$Builder',
      'sources.r.interceptors.j.type': 'Static',
      'sources.r.interceptors.j.value': 'x',
    });
    assert.deepEqual(problems, []);
    const types = plan?.sources[0]?.interceptors.map(({ name, declaration }) => [name, declaration.type]);
    assert.deepEqual(types, [
      ['i', 'static'],
      ['j', 'static'],
    ]);
  });

  it('reads the options that every source has', async () => {
    assert.equal((await load({})).plan?.sources[0]?.sequenceHeaders, false);
    const { plan, problems } = await load({ 'sources.r.sequenceHeaders': 'true' });
    assert.deepEqual(problems, []);
    assert.equal(plan?.sources[0]?.sequenceHeaders, true);
    assert.match((await said({ 'sources.r.sequenceHeader': 'true' }))[0]!, /did you mean sequenceHeaders\?/);
    assert.match((await said({ 'sources.r.sequenceHeaders': 'perhaps' }))[0]!, /neither true nor false/);
  });

  it('says what Flume has and Sluice has not', async () => {
    const cases: Record<string, string> = {
      'sources.r.type': 'jms',
      'channels.c.type': 'org.apache.flume.channel.kafka.KafkaChannel',
      'sinks.k.type': 'HBase2',
    };
    assert.deepEqual(await said(cases), [
      `error: source r: Flume's source "jms" is not in Sluice (known: seq, exec, avro, http, TAILDIR)`,
      `error: channel c: Flume's channel "KafkaChannel" is not in Sluice (known: memory)`,
      `error: sink k: Flume's sink "hbase2" is not in Sluice (known: null, file_roll, hdfs)`,
    ]);
  });

  it('finds the nearest type, also of Flume, of a class, or of another kind', async () => {
    const type = async (type: string): Promise<string | undefined> => (await said({ 'sources.r.type': type }))[0];
    assert.equal(await type('taldir'), 'error: source r: there is no source type "taldir" (did you mean TAILDIR?)');
    assert.equal(
      await type('syslogtpc'),
      'error: source r: there is no source type "syslogtpc" (did you mean syslogtcp?)',
    );
    assert.equal(
      await type('org.apache.flume.source.ExcSource'),
      'error: source r: there is no source type "org.apache.flume.source.ExcSource" (did you mean org.apache.flume.source.ExecSource?)',
    );
    assert.equal(await type('file_roll'), 'error: source r: there is no source type "file_roll" (it is a sink)');
  });

  it('finds misspelt keys of the agent itself', async () => {
    assert.deepEqual(await said({ 'sinks.k.type': '', 'sinks.k.tpye': 'null' }), [
      'error: sink k: unknown option "tpye" (did you mean type?)',
    ]);
    assert.deepEqual(await said({ 'sinks.k.channel': '', 'sinks.k.chanel': 'c' }), [
      'error: sink k: has no channel (add agent.sinks.k.channel = … (known: c, d))',
      'error: sink k: unknown option "chanel" (did you mean channel?)',
    ]);
    assert.deepEqual(await said({ 'sources.r.interceptor': 'i' }), [
      'error: source r: unknown option "interceptor" (did you mean interceptors?)',
    ]);
    assert.deepEqual(await said({ 'sources.r.selecter.type': 'replicating' }), [
      'error: source r: unknown option "selecter.type" (did you mean selector.type?)',
    ]);
    assert.deepEqual(await said({ 'sinkz.k.batchSize': '5' }), [
      'error: property agent.sinkz.k.batchSize: "sinkz" is not known (did you mean agent.sinks.k.batchSize?)',
    ]);
    assert.deepEqual(await said({ 'filters.x.y': '5' }), [
      'warning: property agent.filters.x.y: "filters" is not known, the key is ignored (known: sources, channels, sinks, sinkgroups, configfilters)',
    ]);
  });

  it('minds what is listed and what is not', async () => {
    assert.deepEqual(await said({ 'sinks.other.type': 'null' }), [
      'warning: sink other: is not listed in agent.sinks and does not run (add it to agent.sinks, or remove its keys)',
    ]);
    assert.deepEqual(await said({ sinks: 'k1 l' }), [
      'error: sink k1: is listed but has no keys (add agent.sinks.k1.type = …)',
      'error: sink k: is not listed in agent.sinks (did you mean k1?)',
    ]);
    assert.deepEqual(
      (await said({ sinks: 'k,l' }))[0],
      'error: sink k,l: is listed but has no keys (names are separated by blanks)',
    );
    assert.deepEqual((await said({ sinks: 'k l # mine' })).slice(0, 1), [
      'error: sink #: is listed but has no keys (a comment stands on a line of its own)',
    ]);
    assert.deepEqual((await said({ 'sinks.k.type': 'null  # nothing' })).slice(0, 1), [
      'error: sink k: there is no sink type "null  # nothing" (a comment stands on a line of its own)',
    ]);
    assert.match((await said({ sinks: '"k"' }))[0]!, /write it without quotes/);
    assert.deepEqual(await said({ channels: 'c chan', 'sources.r.channels': 'c', 'sinks.l.channel': 'c' }), [
      'error: channel chan: is listed but has no keys (add agent.channels.chan.type = …)',
      'error: channel d: is not listed in agent.channels (did you mean chan?)',
    ]);
    assert.deepEqual(await said({ sinks: 'k l k' }), [
      'warning: agent agent: sinks: k is listed more than once (once is enough)',
    ]);
    assert.deepEqual(await said({ 'sinks.k.batchSize': ' ', 'sinks.k.type': 'null' }), [
      'warning: property agent.sinks.k.batchSize: has no value and is ignored (leave the line out)',
    ]);
  });

  it('does not take a file channel without its type for one in memory', async () => {
    assert.deepEqual(await said({ 'channels.c.type': '', 'channels.c.dataDirs': '/data' }), [
      'error: channel c: has no type (add agent.channels.c.type = …)',
    ]);
    const { plan } = await load({ 'channels.c.type': '', 'channels.c.capacity': '1000' });
    assert.equal(plan?.channels[0]?.options['capacity'], 1000);
  });

  it('wants a channel named where there are several', async () => {
    assert.deepEqual(await said({ 'sinks.k.channel': '', 'sources.r.channels': '' }), [
      'error: source r: has no channels (add agent.sources.r.channels = … (known: c, d))',
      'error: sink k: has no channel (add agent.sinks.k.channel = … (known: c, d))',
    ]);
    assert.deepEqual(await said({ 'sinks.k.channel': 'c d' }), [
      'error: sink k: a sink takes from one channel (choose one of c, d)',
    ]);
  });

  it('warns of channels that nothing feeds or drains, and leaves out those that nothing uses', async () => {
    assert.deepEqual(await said({ 'sources.r.channels': 'c' }), [
      'warning: channel d: no source feeds it (name it in the channels of a source)',
    ]);
    assert.deepEqual(await said({ 'sinks.l.channel': 'c' }), [
      'warning: channel d: no sink drains it: once it is full, sources that require it wait (name it as the channel of a sink)',
    ]);
    const unused = { 'sinks.l.channel': 'c', 'sources.r.channels': 'c' };
    const { plan } = await load(unused);
    assert.deepEqual(
      plan?.channels.map(({ name }) => name),
      ['c'],
    );
    assert.deepEqual(await said(unused), [
      'warning: channel d: nothing uses it; it is left out (name it in a source and a sink, or remove it)',
    ]);
    assert.equal((await load(unused, true)).plan, undefined);
  });

  it('puts sinks into groups with a processor', async () => {
    const { plan, problems } = await load({
      sinkgroups: 'g',
      sinks: 'k l m',
      'sinks.m.type': 'null',
      'sinks.m.channel': 'd',
      'sinkgroups.g.sinks': 'k l',
      'sinkgroups.g.processor.type': 'failover',
      'sinkgroups.g.processor.priority.k': '10',
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(
      plan?.groups.map(({ name, sinks, processor }) => [name, sinks, processor.declaration.type]),
      [
        ['g', ['k', 'l'], 'failover'],
        ['m', ['m'], 'default'],
      ],
    );
    assert.deepEqual(plan.groups[0]?.processor.options['priority.*'], new Map([['k', '10']]));
  });

  it('refuses groups that cannot work', async () => {
    const group = { sinkgroups: 'g h', 'sinkgroups.g.sinks': 'k l', 'sinkgroups.g.processor.type': 'failover' };
    assert.deepEqual(await said({ ...group, 'sinkgroups.h.sinks': 'l', 'sinkgroups.h.processor.type': 'failover' }), [
      'error: sink group h: sink l is in group g already (a sink is in one group)',
    ]);
    const one = { ...group, sinkgroups: 'g' };
    assert.deepEqual(await said({ ...one, 'sinkgroups.g.processor.priority.kk': '1' }), [
      'error: sink group g: priority.kk: the group has no such sink (known: k, l)',
    ]);
    assert.deepEqual(await said({ ...one, 'sinkgroups.g.processor.type': 'default' }), [
      'error: sink group g: the default processor drives one sink, not 2 (failover or load_balance)',
    ]);
    assert.deepEqual(await said({ ...one, 'sinkgroups.g.procesor.backoff': '1' }), [
      'error: sink group g: unknown option "procesor.backoff" (did you mean processor?)',
    ]);
  });

  it('minds the list of interceptors', async () => {
    const one = { 'sources.r.interceptors.i.type': 'static' };
    assert.deepEqual(await said(one), [
      'error: source r, interceptor i: there is no agent.sources.r.interceptors (add agent.sources.r.interceptors = i)',
    ]);
    const two = { ...one, 'sources.r.interceptors.j.type': 'static' };
    assert.deepEqual(await said({ ...two, 'sources.r.interceptors': 'i' }), [
      'warning: source r, interceptor j: is not listed in agent.sources.r.interceptors and does not run (add it, or remove its keys)',
    ]);
    assert.deepEqual(await said({ ...one, 'sources.r.interceptors': 'i', 'sources.r.interceptors.i.valeu': 'x' }), [
      'error: source r, interceptor i: unknown option "valeu" (did you mean value?)',
    ]);
  });

  it('minds the channels that a selector names', async () => {
    assert.deepEqual(await said({ 'sources.r.selector.optional': 'd' }), []);
    assert.deepEqual(await said({ 'sources.r.selector.optional': 'd e' }), [
      'error: source r, selector: optional: the source has no channel "e" (known: c, d)',
    ]);
  });

  it('warns of two sources with one file of positions', async () => {
    const tail = (name: string): Record<string, string> => ({
      [`sources.${name}.type`]: 'taildir',
      [`sources.${name}.filegroups`]: 'g',
      [`sources.${name}.filegroups.g`]: '/x/y',
      [`sources.${name}.channels`]: 'c d',
    });
    const both = { sources: 'r s', ...tail('r'), ...tail('s') };
    assert.deepEqual(await said(both), [
      'warning: source s: keeps its positions in the same file as source r; after a restart, lines come again (give each a positionFile of its own)',
    ]);
    assert.deepEqual(await said({ ...both, 'sources.s.positionFile': '/x/p' }), []);
  });

  it('warns of two sources at one port', async () => {
    const listener = { 'sources.s.type': 'avro', 'sources.s.port': '4141', 'sources.s.channels': 'c' };
    const both = {
      sources: 'r s',
      'sources.r.type': 'avro',
      'sources.r.bind': '127.0.0.1',
      'sources.r.port': '4141',
      ...listener,
    };
    assert.deepEqual(await said({ ...both, 'sources.s.bind': '0.0.0.0' }), [
      'warning: source s: wants TCP port 4141, which source r has already (give each a port of its own)',
    ]);
    assert.deepEqual(await said({ ...both, 'sources.s.bind': '127.0.0.2' }), []);
  });

  it('refuses a batch that is larger than the transaction, at the key that says so', async () => {
    const { problems } = await load({ 'sinks.k.batchSize': '500' });
    assert.equal(
      problems.map(renderProblem).join('\n'),
      'f:12:27: error: sink k: its batch of 500 events is larger than the transactionCapacity of channel c, 100 (set agent.channels.c.transactionCapacity = 500 or a smaller batch)',
    );
  });
});
