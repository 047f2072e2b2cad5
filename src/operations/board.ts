import { phaseNamed } from '../rollout/definition.ts'
import type { DeploymentNotice } from '../rollout/ports.ts'
import type { World } from './world.ts'

export interface Shown {
  /** The phase that it is about. */
  readonly phase: string
  readonly state: DeploymentNotice['state']
  /** The rest of the sentence that begins with the phase. */
  readonly says: string
  /** Where its deployment can be seen. */
  readonly url?: string | undefined
}

/** Tells the repository's page of deployments; a display, which changes no outcome. */
export async function show(
  { definition, board }: Pick<World, 'definition' | 'board'>,
  { phase, state, says, url }: Shown
): Promise<void> {
  const environment = phaseNamed(definition, phase)?.target
  if (environment === undefined) return
  const description = `${phase} ${says}`
  await board.show({ environment, description, state, ...(url === undefined ? {} : { url }) })
}
