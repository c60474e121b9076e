import assert from 'node:assert/strict';
import { parseCommandLine, splitJavaArguments } from '../src/command-line.ts';

function parse(line: string) {
  return parseCommandLine(line.split(' '));
}

describe('command line', () => {
  it("takes every flag of flume-ng's agent", async () => {
    const command = await parse(
      'agent --conf /etc/flume -f a.conf -f b.conf --name agent1 -Dflume.root.logger=DEBUG,console -Dflume.monitoring.type=http -Xmx1g -agentlib:jdwp=x -C /x.jar --plugins-path /p --no-reload-conf -i 5 -b /backup',
    );
    assert.equal(command.command, 'agent');
    if (command.command !== 'agent') return;
    assert.deepEqual(command.files, ['a.conf', 'b.conf']);
    assert.equal(command.name, 'agent1');
    assert.equal(command.confDir, '/etc/flume');
    assert.equal(command.logLevel, 'debug');
    assert.equal(command.reload, false);
    assert.equal(command.pollInterval, 5);
    assert.equal(command.systemProperties.get('flume.monitoring.type'), 'http');
  });

  it('knows the short and the deprecated forms', async () => {
    const command = await parse('node -n a -c conf -f f -u file:///x -u http://y -a P -user u -pwd p');
    assert.ok(command.command === 'agent');
    assert.deepEqual(command.uris, ['file:///x', 'http://y']);
    assert.deepEqual(command.login, { user: 'u', password: 'p' });
    assert.equal(command.reload, true);
    assert.equal(command.drainTimeout, 30);
  });

  it('takes properties and arguments of the JVM out wherever they stand', () => {
    const { rest, systemProperties } = splitJavaArguments(['-Da=b=c', 'agent', '-Xms1m', '-De', '-n', 'x']);
    assert.deepEqual(rest, ['agent', '-n', 'x']);
    assert.deepEqual(
      [...systemProperties],
      [
        ['a', 'b=c'],
        ['e', ''],
      ],
    );
  });

  it('makes a dry run a check', async () => {
    assert.equal((await parse('agent -d -n a -f f')).command, 'check');
    assert.equal((await parse('check -n a -f f -C /x.jar -b /backup')).command, 'check');
  });

  it('says what is missing or misspelt, and what was probably meant', async () => {
    const cases: [string, RegExp][] = [
      ['agent -f f', /-n NAME/],
      ['agent -n a', /-f FILE/],
      ['agent -n a -f f --stict', /did you mean --strict\?/],
      ['agent -n a -f f --nonsense', /nonsense/],
      ['agnet -n a -f f', /did you mean agent\?/],
      ['agent -n a -f f -z zk:2181', /not in Sluice/],
      ['agent -n a -f f --drain-timeout soon', /drain-timeout must be a number/],
      ['agent -n a -f f --log-format xml', /log-format/],
    ];
    for (const [line, expected] of cases) {
      const command = await parse(line);
      assert.equal(command.command, 'usage-error', line);
      if (command.command === 'usage-error') assert.match(command.message, expected, line);
    }
    assert.equal((await parseCommandLine([])).command, 'usage-error');
  });

  it('teaches with --help, of the whole and of a command', async () => {
    for (const [line, expected] of [
      ['--help', /agent/],
      ['agent --help', /conf-file/],
      ['agent -h', /Exit codes/],
      ['check --help', /without running/],
      ['verify --help', /changes nothing/],
    ] as const) {
      const command = await parse(line);
      assert.equal(command.command, 'printed', line);
      if (command.command === 'printed') assert.match(command.output, expected);
    }
  });

  it('takes for verify a directory or a name, and a configuration with a name', async () => {
    const command = await parse('verify --state-dir /s -n a -f f --json');
    assert.ok(command.command === 'verify');
    assert.equal(command.stateDir, '/s');
    assert.equal(command.name, 'a');
    assert.deepEqual(command.files, ['f']);
    assert.equal(command.json, true);
    assert.equal((await parse('verify -n a')).command, 'verify');
    assert.equal((await parse('verify')).command, 'usage-error');
    assert.equal((await parse('verify --state-dir /s -f f')).command, 'usage-error');
  });

  it('takes for sentry explain a file or a dash, and says what is missing', async () => {
    assert.deepEqual(await parse('sentry explain e.json --json'), {
      command: 'sentry explain',
      file: 'e.json',
      json: true,
    });
    assert.deepEqual(await parse('sentry explain -'), { command: 'sentry explain', file: '-', json: false });
    for (const [line, expected] of [
      ['sentry', /Name a command of sentry/],
      ['sentry explan x', /no command "sentry explan"; there is sentry explain/],
      ['sentry explain', /Name a file, or -/],
      ['sentry explain x y', /Unknown argument: y/],
      ['sentry explain x --jsno', /did you mean --json/],
    ] as const) {
      const command = await parse(line);
      assert.equal(command.command, 'usage-error', line);
      if (command.command === 'usage-error') assert.match(command.message, expected, line);
    }
    const help = await parse('sentry explain --help');
    assert.ok(help.command === 'printed');
    assert.match(help.output, /what was hashed|each input of the hash/);
  });

  it('knows help and version as commands', async () => {
    assert.deepEqual(await parse('help sink hdfs'), { command: 'help', kind: 'sink', type: 'hdfs' });
    assert.deepEqual(await parse('version'), { command: 'version' });
  });
});
