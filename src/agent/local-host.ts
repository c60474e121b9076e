import { lookup, lookupService } from 'node:dns/promises';
import { hostname } from 'node:os';
import type { LocalHost } from '../component/context.ts';

/** This machine's name and address, as Java's InetAddress.getLocalHost() finds them. Never rejects: what cannot be looked up is loopback. */
export async function findLocalHost(): Promise<LocalHost> {
  const name = hostname();
  let address = '127.0.0.1';
  let canonicalName = name;
  try {
    address = (await lookup(name, { family: 4 })).address;
    canonicalName = (await lookupService(address, 0)).hostname;
  } catch {
    // A machine whose own name does not resolve is nothing unusual in a container.
  }
  return { name, address, canonicalName };
}
