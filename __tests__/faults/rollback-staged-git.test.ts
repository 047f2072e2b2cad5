import { STAGED_FROM_GIT } from './from-git.ts'
import { testMatrix } from './matrix.ts'
import { openRollback } from './rollback.ts'
import { briefOf } from './trouble.ts'

await testMatrix({
  name: 'rollback of production, staged, git',
  open: () => openRollback(STAGED_FROM_GIT),
  misfortunes: briefOf
})
