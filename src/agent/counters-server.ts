import { describeError, SluiceError } from '../errors.ts';
import { type MonitoringServer, startMonitoring } from '../monitoring/http.ts';
import type { Log } from '../monitoring/log.ts';
import { systemClock } from './clock.ts';

/** How often a monitoring port that is in use is tried again. */
const MONITORING_RETRY_MS = 3000;

/** Where Flume's system properties want the counters served. */
export function countersAddress(
  properties: ReadonlyMap<string, string>,
  log: Log,
): { host: string; port: number } | undefined {
  const type = properties.get('flume.monitoring.type');
  if (type === undefined) return undefined;
  if (type.toLowerCase() !== 'http') {
    log.logger('monitoring').warn(`flume.monitoring.type=${type} is not in Sluice; http is`);
    return undefined;
  }
  const port = properties.get('flume.monitoring.port') ?? '41414';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new SluiceError('CONFIG_INVALID', `flume.monitoring.port=${port} is no port`);
  }
  return { host: properties.get('flume.monitoring.bind') ?? '127.0.0.1', port: Number(port) };
}

/**
 * Starts the monitoring server. Without it the agent is blind but not useless: a port in use is logged and tried again
 * until `signal` is aborted.
 */
export async function serveCounters(
  address: { host: string; port: number } | undefined,
  metrics: () => string,
  log: Log,
  signal: AbortSignal,
): Promise<MonitoringServer | undefined> {
  const logger = log.logger('monitoring');
  for (let tries = 0; address !== undefined && !signal.aborted; tries++) {
    try {
      const server = await startMonitoring({ ...address, metrics });
      logger.info(`Counters at http://${address.host}:${server.port}/metrics`);
      return server;
    } catch (error) {
      if (tries === 0) logger.error(`${describeError(error)}. Tries again every ${MONITORING_RETRY_MS / 1000} s.`);
      await systemClock.sleep(MONITORING_RETRY_MS, signal);
    }
  }
  return undefined;
}
