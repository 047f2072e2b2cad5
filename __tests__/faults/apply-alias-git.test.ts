import { openApply } from './apply.ts'
import { PREVIEW_FROM_GIT } from './from-git.ts'
import { testMatrix } from './matrix.ts'
import { briefOf } from './trouble.ts'

await testMatrix({
  name: 'apply on preview, domain, git',
  open: () => openApply(PREVIEW_FROM_GIT),
  misfortunes: briefOf
})
