import assert from 'node:assert/strict';
import { IpFilter } from '../../src/rpc/ip-filter.ts';

async function allows(rules: string, address: string, names: readonly string[] = []): Promise<boolean> {
  const filter = IpFilter.parse(rules, async () => {
    if (names.length === 0) throw new Error('no name');
    return names;
  });
  if (typeof filter === 'string') throw new Error(filter);
  return filter.allows(address);
}

describe('rpc: ipFilterRules', () => {
  it('takes the first rule that matches, and allows when none does', async () => {
    const rules = 'allow:ip:10.0.0.7, deny:ip:10.0.0.*,allow:ip:10.*,deny:ip:*';
    assert.equal(await allows(rules, '10.0.0.7'), true);
    assert.equal(await allows(rules, '10.0.0.8'), false);
    assert.equal(await allows(rules, '10.1.0.8'), true);
    assert.equal(await allows(rules, '192.168.0.1'), false);
    assert.equal(await allows('deny:ip:10.0.0.7', '192.168.0.1'), true);
  });

  it('matches the whole address, with * for anything, ? for one character and . for a dot', async () => {
    assert.equal(await allows('deny:ip:10.0.0.1', '10.0.0.10'), true);
    assert.equal(await allows('deny:ip:10.0.0.1', '10x0.0.1'), true);
    assert.equal(await allows('deny:ip:10.0.0.?', '10.0.0.5'), false);
    assert.equal(await allows('deny:ip:10.0.0.?', '10.0.0.55'), true);
    assert.equal(await allows('DENY:IP:fe80:*', 'fe80::1'), false);
    assert.equal(await allows('deny:ip:127.0.0.1', '::ffff:127.0.0.1'), false);
  });

  it('asks for the name only when a rule does; a host without one is called by its address', async () => {
    assert.equal(await allows('deny:name:*.example.com', '10.0.0.1', ['a.example.com']), false);
    assert.equal(await allows('deny:name:*.example.com', '10.0.0.1', ['example.com']), true);
    assert.equal(await allows('deny:name:10.*', '10.0.0.1'), false);
    assert.equal(await allows('deny:name:localhost', '127.0.0.3'), false);
    assert.equal(await allows('deny:name:localhost', '::1'), false);
  });

  it('says which rule is none', () => {
    for (const rules of ['', 'allow', 'allow:ip', 'permit:ip:*', 'allow:mac:*', 'allow:ip:*,,deny:ip:*']) {
      assert.match(String(IpFilter.parse(rules)), /is not <allow\|deny>:<ip\|name>:<pattern>/);
    }
  });
});
