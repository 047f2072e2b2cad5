import { startGithubWorld } from '../github/world.ts'
import { ledgerContract } from './ledger.ts'

const branch = 'rollgate-ledger'

ledgerContract('A branch of a repository on GitHub', async () => {
  const world = await startGithubWorld()
  const { git } = world.simulator
  return {
    client: () => world.again().ledger,
    content: path => git.read(branch, path),
    history: async () => (await git.history(branch)).map(({ message }) => message.trimEnd()),
    overwrite: async (path, text) => {
      await git.commit(branch, { [path]: text }, 'By hand')
    },
    close: world.close
  }
})
