/** `node idle-clients.ts PORT COUNT`: opens connections and says when all are there; a process of its own, for the descriptors. */
import { connect } from 'node:net';

const [port, count] = process.argv.slice(2).map(Number);
let open = 0;

function openOne(): void {
  const socket = connect(port!, '127.0.0.1', () => {
    open++;
    if (open === count) process.send?.('open');
    else if (open + 99 < count!) openOne();
  });
  socket.on('error', (error) => {
    throw error;
  });
}

// A hundred at a time: a backlog is no longer than that everywhere.
for (let i = 0; i < Math.min(100, count!); i++) openOne();
process.on('disconnect', () => process.exit(0));
