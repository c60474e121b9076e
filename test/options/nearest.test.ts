import assert from 'node:assert/strict';
import { editDistance, nearest } from '../../src/options/nearest.ts';

describe('the nearest word', () => {
  it('counts letters put in, left out, replaced and swapped, in any case', () => {
    assert.equal(editDistance('comand', 'command'), 1);
    assert.equal(editDistance('commnad', 'COMMAND'), 1);
    assert.equal(editDistance('', 'abc'), 3);
  });

  it('is one that a third of the letters apart, or that lacks a prefix', () => {
    assert.equal(nearest('memroy', ['file', 'memory']), 'memory');
    assert.equal(nearest('rollSize', ['hdfs.rollSize', 'hdfs.rollCount']), 'hdfs.rollSize');
    assert.equal(nearest('kafka', ['file', 'memory']), undefined);
    assert.equal(nearest('x', []), undefined);
  });

  it('is never one that has nothing in common', () => {
    assert.equal(nearest('x', ['c']), undefined);
    assert.equal(nearest('k1', ['k2']), 'k2');
  });
});
