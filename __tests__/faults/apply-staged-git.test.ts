import { openApply } from './apply.ts'
import { STAGED_FROM_GIT } from './from-git.ts'
import { testMatrix } from './matrix.ts'
import { briefOf } from './trouble.ts'

await testMatrix({
  name: 'apply on production, staged, git',
  open: () => openApply(STAGED_FROM_GIT),
  misfortunes: briefOf
})
