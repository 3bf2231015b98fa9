/// What the run loop distinguishes. Zero is a halfword that was not decoded yet.
enum Op: UInt8, CaseIterable, BitwiseCopyable, Sendable {
  case undecoded, fetchMiss, undefined, hostCall
  case lslImm, movReg, lsrImm, asrImm, addReg, subReg, addImm, subImm, movImm, cmpImm
  case and, eor, lslReg, lsrReg, asrReg, adc, sbc, rorReg, tst, rsb, cmpReg, cmn, orr, mul, bic, mvn
  case addHi, cmpHi, movHi, bx, blx
  case ldrLit, strReg, strhReg, strbReg, ldrsbReg, ldrReg, ldrhReg, ldrbReg, ldrshReg
  case strImm, ldrImm, strbImm, ldrbImm, strhImm, ldrhImm
  case adr, addSPImm, addSP, sxth, sxtb, uxth, uxtb, push, pop, cps, rev, rev16, revsh
  case bkpt, nop, wfe, wfi, sev, stm, ldm
  case beq, bne, bcs, bcc, bmi, bpl, bvs, bvc, bhi, bls, bge, blt, bgt, ble
  case b, svc, udf, bl, msr, mrs, barrier
}
