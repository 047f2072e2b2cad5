import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { ProbeRequest, Prober } from '../../src/rollout/ports.ts'

/** What the suite needs around a prober: a site with a health page behind a protection. */
export interface ProberWorld {
  /** One that shows this key, or none. */
  prober(bypass?: string): Prober
  /** Where the site is: `/api/health` says `"status":"ok"`, `/nothing` is not there. */
  readonly url: string
  /** Where nobody answers. */
  readonly nowhere: string
  /** From now on only who shows the key is let in. */
  protect(key: string): void
  close(): Promise<void>
}

const KEY = 'bypassThatMustNotLeak'

/** What everybody may expect of a Prober. */
export function proberContract(name: string, open: () => Promise<ProberWorld>): void {
  describe(`${name} as a Prober`, () => {
    let world: ProberWorld
    beforeEach(async () => {
      world = await open()
    })
    afterEach(() => world.close())

    const probe = (more: Partial<ProbeRequest> = {}, bypass?: string) =>
      world.prober(bypass).probe({ url: world.url, path: '/api/health', timeoutMs: 5000, ...more })

    test('says what is answered', async () => {
      const { status, body, protection } = await probe()
      expect(status).toBe(200)
      expect(body).toContain('"status":"ok"')
      expect(protection).toBeUndefined()
    })

    test('takes every status for an answer', async () => {
      expect(await probe({ path: '/nothing' })).toMatchObject({ status: 404 })
    })

    test('asks the same again and gets the same', async () => {
      expect(await probe()).toEqual(await probe())
    })

    test.each<[string, string | undefined, 'no-key' | 'key-refused']>([
      ['without a key', undefined, 'no-key'],
      ['with another key', 'another', 'key-refused']
    ])('is stopped by the protection %s, and says nothing of its page', async (_, key, told) => {
      world.protect(KEY)
      expect(await probe({}, key)).toEqual({ status: 401, body: '', protection: told })
    })

    test('gets past the protection with the key', async () => {
      world.protect(KEY)
      const { status, body } = await probe({}, KEY)
      expect([status, body.includes(KEY)]).toEqual([200, false])
    })

    test('says when nobody answers, without the key', async () => {
      const error = await probe({ url: world.nowhere }, KEY).catch(thrown => thrown)
      expect(error).toMatchObject({ code: 'probe_unanswered' })
      expect(JSON.stringify([error.message, error.remedy, String(error.cause)])).not.toContain(KEY)
    })

    test.each(['//other.example/', '/\\other.example/', 'https://other.example/', 'health', ''])(
      'never lets the path %j lead to another host',
      async path => {
        await expect(probe({ path }, KEY)).rejects.toMatchObject({ code: 'probe_address' })
      }
    )
  })
}
