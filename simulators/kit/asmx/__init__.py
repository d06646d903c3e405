"""The front of an ASP.NET web service: SOAP, form POST and help pages from a declaration in Spyne, and safe XML."""
