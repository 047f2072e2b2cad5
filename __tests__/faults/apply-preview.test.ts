import { openApply } from './apply.ts'
import { testMatrix } from './matrix.ts'

await testMatrix({ name: 'apply on preview', open: () => openApply() })
