package tests
const startsVar = "BOXTEST_STARTS"
