/**
 * What to wait for in Sluice's log where a case names a line of Flume's. Every other regular expression of the cases is
 * taken as it is: Sluice logs `Component type: SOURCE, name: r started` and its like.
 */
const LINES: [RegExp, string][] = [
  [/^Starting new configuration\|/, 'Component type: (SOURCE|SINK), name: \\S+ started'],
  [
    /^Created serverSocket$|^NetcatUdpSource|^SyslogTcpSource - |^Starting Source r$/,
    'Component type: SOURCE, name: \\S+ started',
  ],
  [/^LoggerSink - Event$/, 'Event: \\{'],
  [/^exited with$/, 'exited with|ended with|exit code'],
];

/** The regular expression to look for in Sluice's log. */
export function sluiceLine(flume: string): RegExp {
  for (const [pattern, replacement] of LINES) if (pattern.test(flume)) return new RegExp(replacement);
  return new RegExp(flume);
}
