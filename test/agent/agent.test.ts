import assert from 'node:assert/strict';
import { AgentHost } from '../../src/agent/agent-host.ts';
import { systemClock } from '../../src/agent/clock.ts';
import { memory } from '../../src/channels/memory.ts';
import { declare } from '../../src/component/declaration.ts';
import type { AgentPlan } from '../../src/component/plan.ts';
import { SluiceError } from '../../src/errors.ts';
import { bind } from '../../src/options/bind.ts';
import { defaultProcessor } from '../../src/processors/default.ts';
import { replicating } from '../../src/selectors/replicating.ts';
import { batchOfLines, rowsOf } from '../support/batches.ts';
import { noCheckpoint } from '../support/checkpoint.ts';
import { componentContext, memoryLogger } from '../support/context.ts';

const noNested = (): { known: readonly string[] } => ({ known: [] });

/** A plan of one source that says `words`, and one sink that keeps what it hears after `hold`. */
function planOf(words: readonly string[], heard: string[], hold: Promise<void> = Promise.resolve()): AgentPlan {
  const source = declare('source', {
    type: 'words',
    summary: '',
    options: {},
    create: () => ({
      run: async (out, signal) => {
        out.ready();
        for (const word of words) await out.emit(batchOfLines([word]));
        if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        await out.emit(batchOfLines(['bye']));
      },
    }),
  });
  const sink = declare('sink', {
    type: 'ears',
    summary: '',
    options: {},
    counted: false,
    create: () => ({
      window: { rows: 10, deliveries: 1, bytes: 1000 },
      open: async () => {},
      deliver: async (batch, signal) => {
        await Promise.race([
          hold,
          new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
        ]);
        heard.push(...rowsOf(batch).map(({ body }) => body));
      },
      close: async () => {},
    }),
  });
  return {
    name: 'a',
    channels: [{ name: 'c', declaration: memory, options: bind(memory, new Map(), 'c', noNested).values }],
    sinks: [{ name: 'k', declaration: sink, options: {}, channel: 'c' }],
    groups: [{ name: 'k', sinks: ['k'], processor: { name: 'k', declaration: defaultProcessor, options: {} } }],
    sources: [
      {
        name: 'r',
        declaration: source,
        options: {},
        channels: ['c'],
        selector: { name: 'selector', declaration: replicating, options: {} },
        interceptors: [],
      },
    ],
  };
}

function servicesOf() {
  const log = memoryLogger();
  const { fileSystem, stateDir, homeDir, host, env, systemProperties } = componentContext('x');
  return {
    log,
    services: {
      logger: () => log,
      clock: systemClock,
      checkpoint: noCheckpoint,
      stateDir,
      homeDir,
      host,
      env,
      systemProperties,
      fileSystem,
    },
  };
}

describe('AgentHost', () => {
  it('stops sources first and drains the channels into the sinks', async () => {
    const heard: string[] = [];
    const host = new AgentHost(planOf(['a', 'b'], heard), servicesOf().services, 1000);
    await host.start();
    assert.deepEqual(await host.stop(AbortSignal.timeout(5000)), []);
    assert.deepEqual(heard, ['a', 'b', 'bye']);
  });

  it('says what is left behind when the drain time is over', async () => {
    const { log, services } = servicesOf();
    const host = new AgentHost(planOf(['a', 'b'], [], new Promise(() => {})), services, 1000);
    await host.start();
    assert.deepEqual(await host.stop(AbortSignal.timeout(50)), [{ channel: 'c', events: 3 }]);
    assert.ok(log.lines.includes('WARN left behind in channel c: 3 events'));
  });

  it('replaces a plan: the old one is drained before the new one starts', async () => {
    const first: string[] = [];
    const second: string[] = [];
    const host = new AgentHost(planOf(['a'], first), servicesOf().services, 1000);
    await host.start();
    await host.replace(planOf(['z'], second));
    assert.deepEqual(first, ['a', 'bye']);
    await host.stop(AbortSignal.timeout(5000));
    assert.deepEqual(second, ['z', 'bye']);
  });

  it('keeps what a stalled sink left in a memory channel, for the sink of the new plan', async () => {
    const heard: string[] = [];
    const { log, services } = servicesOf();
    const host = new AgentHost(planOf(['a', 'b'], [], new Promise(() => {})), services, 50);
    await host.start();
    await host.replace(planOf([], heard));
    await host.stop(AbortSignal.timeout(5000));
    assert.deepEqual(heard, ['a', 'b', 'bye', 'bye']);
    assert.ok(log.lines.includes('INFO channel c goes on with 3 events of the old configuration'));
  });

  it('leaves out what the source of the new plan reads again', async () => {
    const heard: string[] = [];
    const stalled = planOf(['a', 'b'], [], new Promise(() => {}));
    const [source] = stalled.sources;
    const replaying = { ...source!, declaration: { ...source!.declaration, replays: () => true } };
    const host = new AgentHost({ ...stalled, sources: [replaying] }, servicesOf().services, 50);
    await host.start();
    await host.replace(planOf([], heard));
    await host.stop(AbortSignal.timeout(5000));
    assert.deepEqual(heard, ['bye']);
  });

  it('keeps the old plan when components of the new one cannot be made', async () => {
    const { log, services } = servicesOf();
    const heard: string[] = [];
    const host = new AgentHost(planOf(['a'], heard), services, 1000);
    await host.start();
    const bad = planOf([], []);
    const broken = {
      ...bad.sources[0]!.declaration,
      create: () => {
        throw new SluiceError('TLS_SETTINGS', 'keystore x');
      },
    };
    await host.replace({ ...bad, sources: [{ ...bad.sources[0]!, declaration: broken }] });
    assert.match(log.lines.join('\n'), /the old one stays: The TLS settings cannot be used: source r: keystore x/);
    await host.stop(AbortSignal.timeout(5000));
    assert.deepEqual(heard, ['a', 'bye']);
  });

  it('goes back to the old plan when a channel of the new one cannot be opened, with what was in memory, until that works', async () => {
    const heard: string[] = [];
    const stalls = new AbortController();
    const stalled = new Promise<void>((resolve) => stalls.signal.addEventListener('abort', () => resolve()));
    const { log, services } = servicesOf();
    let opens = 0;
    const opensBut = (failures: readonly number[]): AgentPlan['channels'][number]['declaration'] => ({
      ...memory,
      create: (values, context) => {
        const channel = memory.create(values as never, context);
        channel.open = async () => {
          if (failures.includes(opens++)) throw new SluiceError('NO_SPACE', '/state');
        };
        return channel;
      },
    });
    const withChannel = (plan: AgentPlan, failures: readonly number[]): AgentPlan => ({
      ...plan,
      channels: [{ ...plan.channels[0]!, declaration: opensBut(failures) }],
    });
    const host = new AgentHost(withChannel(planOf(['a'], heard, stalled), [2]), services, 50);
    await host.start();
    await host.replace(withChannel(planOf([], []), [1]));
    stalls.abort();
    while (!log.lines.includes('INFO Runs with the old configuration')) await systemClock.sleep(10);
    assert.equal(opens, 4);
    assert.match(log.lines.join('\n'), /cannot be run: .*\/state(.|\n)*goes back to the old configuration/);
    await host.stop(AbortSignal.timeout(5000));
    assert.deepEqual(heard, ['a', 'bye', 'a', 'bye']);
  });

  it('takes a good plan while it is on its way back to one that cannot be run any more', async () => {
    const heard: string[] = [];
    const { services } = servicesOf();
    const plan = planOf([], []);
    let isBroken = false;
    const broken: AgentPlan['channels'][number]['declaration'] = {
      ...memory,
      create: (values, context) => {
        const channel = memory.create(values as never, context);
        channel.open = async () => {
          if (isBroken) throw new SluiceError('STATE_UNUSABLE', '/state');
        };
        return channel;
      },
    };
    const first = { ...plan, channels: [{ ...plan.channels[0]!, declaration: broken }] };
    const host = new AgentHost(first, services, 1000);
    await host.start();
    isBroken = true;
    await host.replace(first);
    await host.replace(planOf(['z'], heard));
    await host.stop(AbortSignal.timeout(5000));
    assert.deepEqual(heard, ['z', 'bye']);
  });

  it('reports counters of what Flume counts, and of nothing else', async () => {
    const host = new AgentHost(planOf([], []), servicesOf().services, 1000);
    assert.deepEqual(
      host.counters.map(({ type, name }) => `${type}.${name}`),
      ['CHANNEL.c', 'SOURCE.r'],
    );
  });
});
