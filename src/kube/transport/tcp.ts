import { connect, type Socket } from 'node:net';
import type { Address } from './address.ts';
import { eventOf } from './event.ts';

/** The system asks a silent peer for a sign of life after this long, and (libuv) once a second ten times from then on. */
const KEEP_ALIVE_MS = 15_000;

/** Opens a TCP connection. */
export function openTcp(address: Address, signal: AbortSignal): Promise<Socket> {
  const how = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };
  return established(connect({ ...address, ...how }), 'connect', signal);
}

/** The socket, once the event says that it is ready; destroyed where that fails. */
export async function established<S extends Socket>(socket: S, event: string, signal: AbortSignal): Promise<S> {
  try {
    await eventOf(socket, event, signal);
    return socket;
  } catch (error) {
    socket.on('error', () => undefined).destroy(); // it failed already; what follows tells nothing more
    throw error;
  }
}
