import { edgeFetch } from '../../src/rehearsal/vercel/edge.ts'
import { createProber } from '../../src/vercel/prober.ts'
import { startSite } from '../vercel/site.ts'
import { startVercelWorld } from '../vercel/world.ts'
import { proberContract } from './prober.ts'

proberContract('what is asked of a simulated deployment', async () => {
  const { simulator, close } = await startVercelWorld()
  const { url = '' } = simulator.live('preview') ?? {}
  return {
    prober: bypass => createProber({ bypass, fetch: edgeFetch(simulator) }),
    url: `https://${url}`,
    nowhere: 'http://127.0.0.1:1',
    protect: key => {
      simulator.switches.protection = key
    },
    close
  }
})

proberContract('what is asked over the network', async () => {
  const site = await startSite()
  return {
    prober: bypass => createProber({ bypass, fetch: globalThis.fetch }),
    url: site.url,
    nowhere: 'http://127.0.0.1:1',
    protect: site.protect,
    close: site.close
  }
})
