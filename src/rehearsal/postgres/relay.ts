import net from 'node:net'

/** A port in front of another one, whose line can be cut and mended. */
export interface Relay {
  readonly host: string
  readonly port: number
  /** Drops what is connected and refuses what comes. */
  cut(): Promise<void>
  /** Accepts again, on the same port. */
  restore(): Promise<void>
  stop(): Promise<void>
}

interface Address {
  readonly host: string
  readonly port: number
}

/** Small messages go on at once: held back for an acknowledgement, they cost 20 ms a look. */
const DIRECT = { noDelay: true }

/** Passes bytes on to a server, as a pooler or a network would: for rehearsing its failure. */
export async function startRelay(target: Address): Promise<Relay> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer(DIRECT, incoming => join(incoming, target, sockets))
  const port = await listen(server, 0)

  const cut = async (): Promise<void> => {
    if (!server.listening) return
    const closed = new Promise(resolve => server.close(resolve))
    for (const socket of sockets) socket.destroy()
    await closed
  }

  return {
    host: '127.0.0.1',
    port,
    cut,
    restore: async () => {
      if (!server.listening) await listen(server, port)
    },
    stop: cut
  }
}

function join(incoming: net.Socket, target: Address, sockets: Set<net.Socket>): void {
  const outgoing = net.connect({ ...DIRECT, port: target.port, host: target.host })
  const pair = [incoming, outgoing]
  for (const socket of pair) {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      for (const end of pair) end.destroy()
      sockets.delete(socket)
    })
  }
  incoming.pipe(outgoing)
  outgoing.pipe(incoming)
}

function listen(server: net.Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve((server.address() as net.AddressInfo).port)
    })
  })
}
