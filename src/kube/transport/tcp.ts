import { connect, type OnReadOpts, type Socket } from 'node:net';
import type { Address } from './address.ts';
import { eventOf } from './event.ts';

/** The system asks a silent peer for a sign of life after this long, and (libuv) once a second ten times from then on. */
const KEEP_ALIVE_MS = 15_000;

/** Opens a TCP connection; `onread` takes what it receives past its stream. */
export function openTcp(address: Address, signal: AbortSignal, onread?: OnReadOpts): Promise<Socket> {
  return established(lively(connect({ ...address, ...(onread && { onread }) })), 'connect', signal);
}

/** It sends at once, and a peer that is gone does not look like silence. */
export function lively<S extends Socket>(socket: S): S {
  return socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS);
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
