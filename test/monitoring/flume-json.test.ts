import assert from 'node:assert/strict';
import { newChannelCounters, newSinkCounters, newSourceCounters } from '../../src/component/counters.ts';
import { javaDouble, renderFlumeJson } from '../../src/monitoring/flume-json.ts';

describe("Flume's JSON counters", () => {
  it('are strings throughout, under type and name', () => {
    const channel = { ...newChannelCounters(100), ChannelSize: 4, StartTime: 1_795_425_540_888 };
    const json = JSON.parse(
      renderFlumeJson([
        { type: 'CHANNEL', name: 'c', counters: channel },
        { type: 'SINK', name: 'k', counters: newSinkCounters() },
        { type: 'SOURCE', name: 'r', counters: newSourceCounters() },
      ]),
    ) as Record<string, Record<string, unknown>>;
    assert.deepEqual(Object.keys(json).sort(), ['CHANNEL.c', 'SINK.k', 'SOURCE.r']);
    assert.equal(json['CHANNEL.c']!['ChannelFillPercentage'], '4.0');
    assert.equal(json['CHANNEL.c']!['StartTime'], '1795425540888');
    assert.equal(json['SINK.k']!['Type'], 'SINK');
    for (const group of Object.values(json))
      for (const value of Object.values(group)) assert.equal(typeof value, 'string');
  });

  it('write numbers with a fraction as Java does', () => {
    assert.equal(javaDouble(0), '0.0');
    assert.equal(javaDouble(100), '100.0');
    assert.equal(javaDouble(0.02), '0.02');
    assert.equal(javaDouble(1e-4), '1.0E-4');
    assert.equal(javaDouble(12_345_678), '1.2345678E7');
    assert.equal(javaDouble(Number.MAX_VALUE), '1.7976931348623157E308');
  });
});
