@echo off
rem Runs @NAME@ with the Java that came with it.
setlocal
if not defined GLEANER_JAVA_OPTIONS set GLEANER_JAVA_OPTIONS=@OPTIONS@
"%~dp0..\runtime\bin\java" %GLEANER_JAVA_OPTIONS% -jar "%~dp0..\lib\@JAR@" %*
